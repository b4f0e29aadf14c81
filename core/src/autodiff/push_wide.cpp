#include "autodiff/push_wide.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "autodiff/push.hpp"
#include "autodiff/pusher.hpp"
#include "autodiff/wide_rules.hpp"
#include "xgrad/core/ops/parts.hpp"

namespace xgrad::detail {
namespace {

class WidePusher : Pusher {
 public:
  WidePusher(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions)
      : Pusher(call, tangents), directions_(directions) {}

  std::vector<Tensor> run() const {
    if (!has_rules() && op_.jvp.by != By::linear) return {};
    if (op_.jvp.by == By::elementwise && !is_reduced() && !has_lines()) {
      if (Tensor y = elementwise(); y.defined()) return {y};
      return {};
    }
    if (Tensor y = pushed_by_wide_rule(call_, t_, directions_); y.defined()) return {y};
    return one_by_one();
  }

 private:
  const Shape& shape() const { return call_.outputs[0].shape(); }

  static void add(Tensor& total, Tensor part) { total = total.defined() ? total + part : std::move(part); }

  /// Whether it is no op of single elements, but has a symmetric derivative within each line of an axis.
  bool has_lines() const {
    static constexpr std::string_view names[] = {"softmax", "standardize", "logsumexp_shares"};
    return std::find(std::begin(names), std::end(names), op_.name) != std::end(names);
  }

  /// Whether the rules are products and sums that broadcast by themselves; others may be one pass over
  /// operands of one shape.
  bool rules_broadcast() const {
    static constexpr std::string_view names[] = {
        "add",    "sub",        "mul",        "mul0",       "div",        "neg",        "exp",  "sin", "cos",
        "square", "add_number", "sub_number", "number_sub", "mul_number", "div_number", "sqrt", "log"};
    return std::find(std::begin(names), std::end(names), op_.name) != std::end(names);
  }

  std::uint32_t kept() const {
    std::uint32_t all = op_.each.run ? op_.each.keep : keep::nothing;
    for (const Rule& rule : op_.vjp) all |= rule.run ? rule.keep : keep::nothing;
    return all;
  }

  bool is_kept(std::uint32_t keep, std::size_t i) const {
    return (keep & keep::every_x) == keep::every_x || (i < 31 && (keep & keep::x(static_cast<int>(i))) != 0);
  }

  /// x in the shape of the result, for each direction.
  Tensor repeated(const Tensor& x) const { return expand(x, with_directions(directions_, shape())); }

  /// By the rules of a call on as many copies of the operands as there are directions.
  Tensor elementwise() const {
    const Shape wide = with_directions(directions_, shape());
    std::vector<Tensor> x, y(call_.outputs.begin(), call_.outputs.end());
    for (std::size_t i = 0; i < t_.size(); ++i) x.push_back(*call_.inputs.data()[i].tensor);
    if (!rules_broadcast()) {
      const std::uint32_t keep = kept();
      for (std::size_t i = 0; i < x.size(); ++i)
        if (x[i].defined() && is_kept(keep, i)) x[i] = repeated(x[i]);
      if (keep & keep::y) y[0] = repeated(y[0]);
    }
    const std::vector<Ref> refs(x.begin(), x.end());
    const Pushed pushed{refs, y, t_};
    Node stand_in(float32, Shape{}, 0, 0);
    stand_for(stand_in, op_, pushed, call_.outputs[0].node()->attributes);
    Tensor total;
    for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
      if (!t_[i].defined() || !has_rule(i)) continue;
      Tensor part = rule(broadcast_wide(t_[i], shape()), Fn(&stand_in), i);
      if (part.defined()) add(total, std::move(part));
    }
    return total.defined() && !(total.shape() == wide) ? expand(total, wide) : total;
  }

  std::vector<Tensor> one_by_one() const {
    std::vector<std::vector<Tensor>> parts(call_.outputs.size());
    std::vector<Tensor> one(t_.size());
    for (std::int64_t k = 0; k < directions_; ++k) {
      for (std::size_t i = 0; i < t_.size(); ++i) one[i] = t_[i].defined() ? select(t_[i], 0, k) : Tensor();
      std::vector<Tensor> pushed = push(call_, one);
      for (std::size_t j = 0; j < pushed.size(); ++j) parts[j].push_back(std::move(pushed[j]));
    }
    std::vector<Tensor> result(parts.size());
    for (std::size_t j = 0; j < parts.size(); ++j)
      if (std::any_of(parts[j].begin(), parts[j].end(), [](const Tensor& t) { return t.defined(); }))
        result[j] = stacked_parts(std::move(parts[j]), call_.outputs[j]);
    return result;
  }

  static Tensor stacked_parts(std::vector<Tensor> parts, const Tensor& y) {
    for (Tensor& t : parts)
      if (!t.defined()) t = zeros_of(y.shape(), y.dtype());
    return stack(parts);
  }

  std::int64_t directions_;
};

}  // namespace

std::vector<Tensor> push_wide(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions) {
  return WidePusher(call, tangents, directions).run();
}

}  // namespace xgrad::detail
