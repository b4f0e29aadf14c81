#include "autodiff/per_example/rules.hpp"

#include <string_view>
#include <utility>

#include "autodiff/fields.hpp"
#include "autodiff/pusher.hpp"
#include "ops/activation/activated.hpp"
#include "ops/convolution/values.hpp"
#include "ops/index/gather.hpp"
#include "ops/support/leaf.hpp"
#include "ops/support/promote.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

/// A call as its rules see it, with the input by which it is differentiated.
class UseRule : Pusher {
 public:
  UseRule(const TwoRuns& runs, const TwoRuns::Use& use, std::size_t j, const Heard& call,
          std::span<const Tensor> none, std::span<const Tensor> g)
      : Pusher(call, none), runs_(runs), at_(use.call), j_(j), g_(g) {}

  Tensor run() const {
    if (!has_rule(j_)) return {};
    if (op_.jvp.by == By::elementwise && call_.outputs.size() == 1) return of_elements();
    if (call_.outputs.size() == 1)
      for (const auto& [name, rule] : rules())
        if (name == op_.name)
          if (Tensor d = (this->*rule)(); d.defined()) return d;
    return one_by_one();
  }

 private:
  using ExampleRule = Tensor (UseRule::*)() const;

  static std::span<const std::pair<std::string_view, ExampleRule>> rules() {
    static constexpr std::pair<std::string_view, ExampleRule> all[] = {
        {"expand", &UseRule::passed_on},
        {"linear", &UseRule::of_linear},
        {"linear_activated", &UseRule::of_activated},
        {"matmul", &UseRule::of_matmul},
        {"conv2d", &UseRule::of_convolution},
        {"index_select", &UseRule::of_rows},
        {"layer_norm", &UseRule::of_layer_norm},
        {"scale_channels", &UseRule::of_channels},
    };
    return all;
  }

  const Tensor& x(std::size_t i) const { return *call_.inputs[i].tensor; }
  const Tensor& y() const { return call_.outputs[0]; }
  std::int64_t examples() const { return runs_.examples(); }
  Shape result_shape() const {
    Shape s = x(j_).shape();
    s.insert(0, examples());
    return s;
  }

  /// The sum of d[examples, ...] over the axes along which the input was broadcast.
  Tensor summed(Tensor d) const {
    const Shape& own = x(j_).shape();
    const int more = d.dim() - 1 - own.rank();
    std::vector<int> axes;
    for (int i = 1; i < d.dim(); ++i)
      if (i <= more || (own[i - 1 - more] == 1 && d.size(i) != 1)) axes.push_back(i);
    if (!axes.empty()) d = sum(d, axes, true);
    return reshape(d, result_shape());
  }

  Tensor of_elements() const {
    Tensor d = as_rules_see_it([&](Fn f) { return rule(g_[0], f, j_); });
    if (!d.defined()) return {};
    if (!(d.shape() == y().shape())) d = expand(d, y().shape());
    return summed(runs_.by_examples(d, y()));
  }
  Tensor passed_on() const { return summed(runs_.by_examples(g_[0], y())); }

  /// t[examples, ..., n] as [examples, rows, n].
  Tensor rows_of(const Tensor& t) const {
    const std::int64_t n = t.size(-1), all = examples() * n;
    return reshape(t, {examples(), all == 0 ? 0 : t.numel() / all, n});
  }
  Tensor weight_gradient(const Tensor& g) const {
    if (!runs_.is_of_examples(x(0))) return {};
    return gemm(rows_of(g), rows_of(runs_.by_examples(x(0), x(0))), true, false);
  }
  Tensor of_linear(const Tensor& g) const {
    const Tensor by = runs_.by_examples(g, y());
    if (j_ == 1) return weight_gradient(by);
    return j_ == 2 ? sum(rows_of(by), 1) : Tensor();
  }
  Tensor of_linear() const { return of_linear(g_[0]); }
  Tensor of_activated() const {
    const Activation a = static_cast<const Activated*>(call_.attributes.get())->activation;
    return of_linear(activation_gradient(a, g_[0], y(), false).x);
  }

  Tensor of_matmul() const {
    const Tensor& other = x(1 - j_);
    if (x(j_).dim() != 2 || !runs_.is_of_examples(other)) return {};
    bool turned[2] = {};
    for (const Attribute& a : op_.fields->list(call_.attributes.get()))
      turned[a.name == "transpose_b"] = std::get<bool>(a.value);
    const Tensor g = runs_.by_examples(g_[0], y()), o = runs_.by_examples(other, other);
    if (j_ == 1) {  // y = op(other) op(w), over all rows of an example
      if (turned[0]) return {};
      const Tensor p = rows_of(o), q = rows_of(g);
      return turned[1] ? gemm(q, p, true, false) : gemm(p, q, true, false);
    }
    if (other.dim() != 2) return {};
    return turned[0] ? gemm(o, g, turned[1], true) : gemm(g, o, false, !turned[1]);
  }

  /// As one image whose channels are those of all examples, in groups for each.
  Tensor of_convolution() const {
    const Tensor g = runs_.by_examples(g_[0], y());  // [examples, 1, channels, h, w]
    if (j_ == 2) return summed(g);
    if (j_ != 1 || !runs_.is_of_examples(x(0))) return {};
    const Tensor image = runs_.by_examples(x(0), x(0));
    if (image.size(1) != 1 || examples() > 1 << 16) return {};
    auto k = *static_cast<const Convolution*>(call_.attributes.get());
    k.groups *= static_cast<int>(examples());
    Shape weight = x(1).shape();
    weight[0] *= examples();
    const auto as_one = [&](const Tensor& t) {
      return reshape(t, {1, examples() * t.size(2), t.size(3), t.size(4)});
    };
    return reshape(convolved_weight(as_one(image), as_one(g), weight, k), result_shape());
  }

  Tensor of_rows() const {
    if (j_ != 0 || static_cast<const Along*>(call_.attributes.get())->axis != 0 || x(0).dim() == 0 ||
        !runs_.is_of_examples(x(1)))
      return {};
    const Tensor index = runs_.by_examples(x(1), x(1)), g = runs_.by_examples(g_[0], y());
    const std::int64_t n = x(0).size(0), count = index.size(1);
    const Tensor place = index + unsqueeze(arange(0, examples(), 1, {.dtype = int64}) * n, 1);
    Shape rows = x(0).shape(), all = rows;
    rows[0] = examples() * count, all[0] = examples() * n;
    return reshape(index_select_vjp(reshape(g, rows), all, 0, reshape(place, {examples() * count})),
                   result_shape());
  }

  Tensor of_layer_norm() const {
    if (j_ == 0 || !runs_.is_of_examples(x(0))) return {};
    std::vector<Tensor> plain = inputs();
    for (std::size_t i = 1; i < plain.size(); ++i) plain[i] = zeros_of(x(i).shape(), x(i).dtype());
    bool has_weight = false;
    for (const Attribute& a : op_.fields->list(call_.attributes.get()))
      if (a.name == "weight") has_weight = std::get<bool>(a.value);
    const Tensor g = runs_.by_examples(g_[0], y());
    if (!has_weight || j_ == 2) return sum(g, 1);
    plain[1] = ones_of(x(1).shape(), x(1).dtype());
    return sum(g * runs_.by_examples(again(plain)[0], y()), 1);
  }

  Tensor of_channels() const {
    if (j_ != 1 || !runs_.is_of_examples(x(0))) return {};
    const Tensor p = runs_.by_examples(g_[0] * x(0), y());
    return sum(p, {1, 3});
  }

  /// The call for each example by itself.
  Tensor one_by_one() const {
    const HeardCall& single = runs_.single(at_);
    std::vector<TensorType> types;
    for (const Tensor& t : single.outputs) types.push_back({t.shape(), t.dtype()});
    std::vector<Tensor> whole = inputs(), cotangents;
    for (std::size_t i = 0; i < whole.size(); ++i)
      if (whole[i].defined() && runs_.is_of_examples(whole[i]))
        whole[i] = runs_.by_examples(whole[i], whole[i]);
    for (std::size_t k = 0; k < g_.size(); ++k)
      cotangents.push_back(g_[k].defined() ? runs_.by_examples(g_[k], call_.outputs[k]) : Tensor());
    std::vector<Tensor> rows;
    for (std::int64_t e = 0; e < examples(); ++e) {
      const EnableGrad guard;
      std::vector<Tensor> one = whole, outputs, g;
      for (std::size_t i = 0; i < one.size(); ++i)
        if (one[i].defined() && runs_.is_of_examples(x(i))) one[i] = select(one[i].detach(), 0, e);
      one[j_] = leaf_of(x(j_));
      const Again call(one, single.attributes.get(), types);
      const std::vector<Tensor> y =
          op_.again_all ? op_.again_all(call) : std::vector<Tensor>{op_.again(call)};
      for (std::size_t k = 0; k < y.size(); ++k)
        if (cotangents[k].defined() && y[k].requires_grad())
          outputs.push_back(y[k]), g.push_back(select(cotangents[k], 0, e));
      Tensor d = outputs.empty() ? Tensor() : grad(outputs, {one[j_]}, g, {.allow_unused = true})[0];
      rows.push_back(d.defined() ? std::move(d) : zeros_of(x(j_).shape(), x(j_).dtype()));
    }
    return stack(rows);
  }

  const TwoRuns& runs_;
  const std::size_t at_, j_;
  const std::span<const Tensor> g_;
};

}  // namespace

Tensor example_gradients(const TwoRuns& runs, const TwoRuns::Use& use, std::size_t j,
                         std::span<const Tensor> cotangents) {
  std::vector<Ref> refs;
  const HeardCall& call = runs.call(use.call);
  const Heard heard = call.as_heard(refs);
  const std::vector<Tensor> none(call.inputs.size());
  return UseRule(runs, use, j, heard, none, cotangents).run();
}

}  // namespace xgrad::detail
