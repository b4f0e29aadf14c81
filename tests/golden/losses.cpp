#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names target_names = {"target", "targets", "y", "labels"};

Reduction reduction(const Arguments& a) { return a.reduction(Reduction::mean); }

Tensor target(const Arguments& a, std::size_t i = 1) { return a.required(i, target_names); }
Tensor labels(const Arguments& a) { return a.integers(1, target_names); }

/// The attribute, or the input behind those that a loss has in any case.
Tensor weight(const Arguments& a, std::size_t i = 2) {
  const Tensor given = a.attribute_tensor({"weight", "w"});
  return given.defined() ? given : a.tensor(i, {});
}

void add_distances(Registry& r) {
  r["mse"] = [](const Arguments& a) { return mse_loss(a.input(0), target(a), {reduction(a)}); };
  r["l1"] = [](const Arguments& a) { return l1_loss(a.input(0), target(a), {reduction(a)}); };
  r["smooth_l1"] = [](const Arguments& a) {
    return smooth_l1_loss(a.input(0), target(a), {.beta = a.number({"beta"}, 1), .reduction = reduction(a)});
  };
  r["huber"] = [](const Arguments& a) {
    Tensor y = a.tensor(1, target_names);
    const bool residuals = !y.defined();  // a function of one tensor is that of the residuals
    if (residuals) y = zeros_like(a.input(0));
    return huber_loss(a.input(0), y,
                      {.delta = a.number({"delta"}, 1),
                       .reduction = a.reduction(residuals ? Reduction::none : Reduction::mean)});
  };
}

void add_classes(Registry& r) {
  r["bce"] = [](const Arguments& a) {
    return binary_cross_entropy(a.input(0), target(a), {.weight = weight(a), .reduction = reduction(a)});
  };
  r["bce_with_logits"] = [](const Arguments& a) {
    return binary_cross_entropy_with_logits(
        a.input(0), target(a),
        {.weight = weight(a), .pos_weight = a.attribute_tensor({"pos_weight"}), .reduction = reduction(a)});
  };
  r["nll"] = [](const Arguments& a) {
    return nll_loss(
        a.input(0), labels(a),
        {.weight = weight(a), .ignore_index = a.integer({"ignore_index"}, -100), .reduction = reduction(a)});
  };
  r["cross_entropy"] = [](const Arguments& a) {
    const Tensor y = target(a);
    const bool probabilities = is_floating(y.dtype()) && y.shape() == a.input(0).shape();
    return cross_entropy(a.input(0), probabilities ? y : y.detach().to(int64),
                         {.weight = weight(a),
                          .ignore_index = a.integer({"ignore_index"}, -100),
                          .label_smoothing = a.number({"label_smoothing"}, 0),
                          .reduction = reduction(a)});
  };
  r["multi_margin"] = [](const Arguments& a) {
    return multi_margin_loss(a.input(0), labels(a),
                             {.p = static_cast<int>(a.integer({"p"}, 1)),
                              .margin = a.number({"margin"}, 1),
                              .weight = weight(a),
                              .reduction = reduction(a)});
  };
  r["ctc"] = [](const Arguments& a) {
    return ctc_loss(a.input(0), labels(a), a.integers(2, {"input_lengths"}),
                    a.integers(3, {"target_lengths"}),
                    {.blank = a.integer({"blank"}, 0),
                     .zero_infinity = a.flag({"zero_infinity"}, false),
                     .reduction = reduction(a)});
  };
}

void add_distributions(Registry& r) {
  r["kl_div"] = [](const Arguments& a) {
    return kl_div(a.input(0), target(a),
                  {.log_target = a.flag({"log_target"}, false), .reduction = reduction(a)});
  };
  r["poisson_nll"] = [](const Arguments& a) {
    return poisson_nll_loss(a.input(0), target(a),
                            {.log_input = a.flag({"log_input"}, true),
                             .full = a.flag({"full"}, false),
                             .eps = a.number({"eps"}, 1e-8),
                             .reduction = reduction(a)});
  };
  r["gaussian_nll"] = [](const Arguments& a) {
    return gaussian_nll_loss(
        a.input(0), target(a), a.required(2, {"var"}),
        {.full = a.flag({"full"}, false), .eps = a.number({"eps"}, 1e-6), .reduction = reduction(a)});
  };
}

void add_pairs(Registry& r) {
  r["soft_margin"] = [](const Arguments& a) {
    return soft_margin_loss(a.input(0), target(a), {reduction(a)});
  };
  r["hinge_embedding"] = [](const Arguments& a) {
    return hinge_embedding_loss(a.input(0), target(a),
                                {.margin = a.number({"margin"}, 1), .reduction = reduction(a)});
  };
  r["margin_ranking"] = [](const Arguments& a) {
    return margin_ranking_loss(a.input(0), a.input(1), target(a, 2),
                               {.margin = a.number({"margin"}, 0), .reduction = reduction(a)});
  };
  r["triplet_margin"] = [](const Arguments& a) {
    return triplet_margin_loss(a.input(0), a.input(1), a.input(2),
                               {.margin = a.number({"margin"}, 1),
                                .p = a.number({"p"}, 2),
                                .eps = a.number({"eps"}, 1e-6),
                                .swap = a.flag({"swap"}, false),
                                .reduction = reduction(a)});
  };
  r["cosine_embedding"] = [](const Arguments& a) {
    return cosine_embedding_loss(a.input(0), a.input(1), target(a, 2),
                                 {.margin = a.number({"margin"}, 0), .reduction = reduction(a)});
  };
}

}  // namespace

void add_losses(Registry& r) {
  add_distances(r);
  add_classes(r);
  add_distributions(r);
  add_pairs(r);
}

}  // namespace golden
