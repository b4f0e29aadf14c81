#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names kernel_names = {"kernel_size", "kernel", "k"};
constexpr Names stride_names = {"stride", "s", "strides"};
constexpr Names padding_names = {"padding", "pad", "p"};

/// Options of one axis lie in the width.
Pair along_width(Pair p, int height) { return Pair(height, p.width); }

ConvOptions conv_options(const Arguments& a) {
  return {.stride = a.pair(stride_names, 1),
          .padding = a.pair(padding_names, 0),
          .dilation = a.pair({"dilation"}, 1),
          .groups = static_cast<int>(a.integer({"groups", "g"}, 1))};
}

PoolOptions pool_options(const Arguments& a) {
  return {.stride = a.pair(stride_names, 0), .padding = a.pair(padding_names, 0)};
}

Pair kernel(const Arguments& a) {
  if (!a.has(kernel_names)) throw Unknown{"there is no kernel_size"};
  return a.pair(kernel_names, 1);
}

void add_convolutions(Registry& r) {
  r["conv1d"] = [](const Arguments& a) {
    return conv1d(a.input(0), a.input(1), a.tensor(2, {"bias"}), conv_options(a));
  };
  r["conv2d"] = [](const Arguments& a) {
    return conv2d(a.input(0), a.input(1), a.tensor(2, {"bias"}), conv_options(a));
  };
  r["conv_transpose2d"] = [](const Arguments& a) {
    const ConvOptions o = conv_options(a);
    return conv_transpose2d(a.input(0), a.input(1), a.tensor(2, {"bias"}),
                            {.stride = o.stride,
                             .padding = o.padding,
                             .output_padding = a.pair({"output_padding"}, 0),
                             .groups = o.groups,
                             .dilation = o.dilation});
  };
  const auto unfolding = [](const Arguments& a) -> UnfoldOptions {
    return {.dilation = a.pair({"dilation"}, 1),
            .padding = a.pair(padding_names, 0),
            .stride = a.pair(stride_names, 1)};
  };
  r["unfold"] = [=](const Arguments& a) { return unfold(a.input(0), kernel(a), unfolding(a)); };
  r["fold"] = [=](const Arguments& a) {
    static constexpr Names size = {"output_size", "size"};
    if (!a.has(size)) throw Unknown{"there is no output_size"};
    return fold(a.input(0), a.pair(size, 1), kernel(a), unfolding(a));
  };
}

void add_pools(Registry& r) {
  r["max_pool2d"] = [](const Arguments& a) {
    PoolOptions options = pool_options(a);
    options.dilation = a.pair({"dilation"}, 1);
    return max_pool2d(a.input(0), kernel(a), options);
  };
  r["max_pool1d"] = [](const Arguments& a) {
    PoolOptions options = pool_options(a);
    options.stride = along_width(options.stride, 1);
    options.padding = along_width(options.padding, 0);
    if (options.stride.width == 0) options.stride.width = kernel(a).width;
    return squeeze(max_pool2d(unsqueeze(a.input(0), -2), along_width(kernel(a), 1), options), -2);
  };
  r["avg_pool2d"] = [](const Arguments& a) {
    PoolOptions options = pool_options(a);
    options.count_include_pad = a.flag({"count_include_pad"}, true);
    return avg_pool2d(a.input(0), kernel(a), options);
  };
  r["adaptive_avg_pool2d"] = [](const Arguments& a) {
    static constexpr Names size = {"output_size", "size", "output", "out"};
    if (!a.has(size)) throw Unknown{"there is no output_size"};
    return adaptive_avg_pool2d(a.input(0), a.pair(size, 1));
  };
  r["interpolate"] = [](const Arguments& a) {
    const std::string mode = a.text({"mode"}, "nearest");
    if (mode != "nearest" && mode != "bilinear") throw Unknown{"interpolate mode " + mode};
    Pair size = a.pair({"size"}, 0);
    if (a.has({"scale_factor"})) {
      const double scale = a.number({"scale_factor"});
      size = Pair(static_cast<int>(static_cast<double>(a.input(0).size(2)) * scale),
                  static_cast<int>(static_cast<double>(a.input(0).size(3)) * scale));
    }
    return interpolate(a.input(0), size,
                       {.mode = mode == "nearest" ? Interpolation::nearest : Interpolation::bilinear,
                        .align_corners = a.flag({"align_corners"}, false)});
  };
}

double eps(const Arguments& a, double otherwise) { return a.number({"eps"}, otherwise); }

Shape normalized_shape(const Arguments& a, const Tensor& weight) {
  static constexpr Names names = {"normalized_shape", "shape"};
  if (a.has(names)) return a.list(names);
  return weight.defined() ? weight.shape() : Shape{a.input(0).size(-1)};
}

/// Runs batch_norm on copies of the running statistics, which it changes in training.
Tensor batch_normalized(const Arguments& a, bool training) {
  training = a.flag({"training", "train"}, training);
  const BatchNormOptions options = {
      .training = training, .momentum = a.number({"momentum"}, 0.1), .eps = eps(a, 1e-5)};
  Tensor mean = a.attribute_tensor({"running_mean", "mean"}),
         var = a.attribute_tensor({"running_var", "var"});
  std::size_t next = 1;
  if (!training && !mean.defined()) {
    if (a.count() == 3) {
      mean = a.input(next++), var = a.input(next++);
    } else if (a.count() == 5) {  // PyTorch's order, unless the first two are those that have gradients
      mean = a.input(next++), var = a.input(next++);
    } else {
      throw Unknown{"there are no running statistics"};
    }
  }
  const auto copy = [](const Tensor& t) { return t.defined() ? t.detach().clone() : t; };
  return batch_norm(a.input(0), copy(mean), copy(var), a.tensor(next, {"weight"}),
                    a.tensor(next + 1, {"bias"}), options);
}

void add_norms(Registry& r) {
  r["layer_norm"] = [](const Arguments& a) {
    const Tensor weight = a.tensor(1, {"weight"});
    return layer_norm(a.input(0), normalized_shape(a, weight), weight, a.tensor(2, {"bias"}), eps(a, 1e-5));
  };
  r["rms_norm"] = [](const Arguments& a) {
    const Tensor weight = a.tensor(1, {"weight"});
    const std::optional<double> given = a.has({"eps"}) ? std::optional(eps(a, 0)) : std::nullopt;
    return rms_norm(a.input(0), normalized_shape(a, weight), weight, given);
  };
  r["group_norm"] = [](const Arguments& a) {
    return group_norm(a.input(0), static_cast<int>(a.integer({"num_groups", "groups"})),
                      a.tensor(1, {"weight"}), a.tensor(2, {"bias"}), eps(a, 1e-5));
  };
  r["instance_norm"] = [](const Arguments& a) {
    return instance_norm(a.input(0), a.tensor(1, {"weight"}), a.tensor(2, {"bias"}), eps(a, 1e-5));
  };
  r["batch_norm"] = [](const Arguments& a) { return batch_normalized(a, false); };
  r["batch_norm_train"] = [](const Arguments& a) { return batch_normalized(a, true); };
  r["batch_norm_eval"] = r["batch_norm"];
}

void add_distances(Registry& r) {
  r["cosine_similarity"] = [](const Arguments& a) {
    const int axis = a.input(0).dim() < 2 ? 0 : 1;
    return cosine_similarity(a.input(0), a.input(1), a.axis(axis), eps(a, 1e-8));
  };
  r["pairwise_distance"] = [](const Arguments& a) {
    return pairwise_distance(a.input(0), a.input(1), a.number({"p"}, 2), eps(a, 1e-6),
                             a.flag({"keepdim"}, false));
  };
  r["normalize"] = [](const Arguments& a) {
    const int axis = a.input(0).dim() < 2 ? 0 : 1;
    return normalize(a.input(0), a.number({"p"}, 2), a.axis(axis), eps(a, 1e-12));
  };
}

RecurrentOptions recurrent_options(const Arguments& a) {
  const std::vector<std::int64_t> lengths = a.list({"lengths"});
  return {.reverse = a.flag({"reverse"}, false),
          .lengths = lengths.empty() ? Tensor() : xgrad::tensor(lengths)};
}

void add_recurrent(Registry& r) {
  r["lstm"] = [](const Arguments& a) -> Outputs {
    const LstmResult y = lstm(a.input(0), {a.input(1), a.input(2)}, a.input(3), a.input(4),
                              a.tensor(5, {"b_ih"}), a.tensor(6, {"b_hh"}), recurrent_options(a));
    return std::vector<Tensor>{y.outputs, y.state.h, y.state.c};
  };
  r["gru"] = [](const Arguments& a) -> Outputs {
    const RecurrentResult y = gru(a.input(0), a.input(1), a.input(2), a.input(3), a.tensor(4, {"b_ih"}),
                                  a.tensor(5, {"b_hh"}), recurrent_options(a));
    return std::vector<Tensor>{y.outputs, y.h};
  };
  r["rnn"] = [](const Arguments& a) -> Outputs {
    const bool is_relu = a.text({"activation"}, "tanh") == "relu";
    const RecurrentResult y =
        rnn(a.input(0), a.input(1), a.input(2), a.input(3), a.tensor(4, {"b_ih"}), a.tensor(5, {"b_hh"}),
            is_relu ? Activation::relu : Activation::tanh, recurrent_options(a));
    return std::vector<Tensor>{y.outputs, y.h};
  };
}

}  // namespace

void add_networks(Registry& r) {
  add_convolutions(r);
  add_pools(r);
  add_norms(r);
  add_distances(r);
  add_recurrent(r);
  r["dropout"] = [](const Arguments& a) -> Tensor {
    const double p = a.number({"p"}, 0.5);
    const bool training = a.flag({"training", "train"}, true);
    if (training && p > 0 && p < 1) throw Unknown{"a mask that the file does not give"};
    return dropout(a.input(0), p, training);
  };
  r["scaled_dot_product_attention"] = [](const Arguments& a) {
    Tensor mask = a.tensor(3, {"attn_mask", "mask"});
    if (mask.defined() && mask.dtype() == int64) mask = mask.to(boolean);
    if (a.number({"dropout_p"}, 0) != 0) throw Unknown{"a mask of dropout that the file does not give"};
    return scaled_dot_product_attention(
        a.input(0), a.input(1), a.input(2),
        {.mask = mask, .is_causal = a.flag({"is_causal", "causal"}, false), .scale = a.number({"scale"}, 0)});
  };
}

}  // namespace golden
