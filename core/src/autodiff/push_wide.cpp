#include "autodiff/push_wide.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "autodiff/fields.hpp"
#include "autodiff/push.hpp"
#include "autodiff/pusher.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"

namespace xgrad::detail {
namespace {

Shape behind(std::int64_t first, const Shape& rest, int ones = 0) {
  Shape s = {first};
  for (int i = 0; i < ones; ++i) s.push_back(1);
  for (int i = 0; i < rest.rank(); ++i) s.push_back(rest[i]);
  return s;
}

/// t[directions, ...] broadcast to [directions, shape...].
Tensor broadcast_wide(const Tensor& t, const Shape& shape) {
  const std::int64_t k = t.size(0);
  Shape own;
  for (int i = 1; i < t.dim(); ++i) own.push_back(t.shape()[i]);
  if (own == shape) return t;
  return expand(reshape(t, behind(k, own, shape.rank() - own.rank())), behind(k, shape));
}

/// What is read of an op's attributes by their names.
class Read {
 public:
  explicit Read(const Heard& call)
      : list_(call.op.fields ? call.op.fields->list(call.attributes.get()) : std::vector<Attribute>()) {}

  std::int64_t number(std::string_view name) const {
    for (const Attribute& a : list_)
      if (a.name == name) {
        if (const bool* truth = std::get_if<bool>(&a.value)) return *truth;
        return std::get<std::int64_t>(a.value);
      }
    return 0;
  }
  /// Axes, or one, behind the axis of the directions.
  std::vector<int> axes(std::string_view name) const {
    std::vector<int> axes;
    for (const Attribute& a : list_)
      if (a.name == name)
        for (std::int64_t i : std::get<std::vector<std::int64_t>>(a.value))
          axes.push_back(static_cast<int>(i) + 1);
    return axes;
  }
  int axis(std::string_view name = "axis") const { return static_cast<int>(number(name)) + 1; }

 private:
  std::vector<Attribute> list_;
};

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
    if (call_.outputs.size() == 1)
      for (const auto& [name, rule] : rules())
        if (name == op_.name)
          if (Tensor y = (this->*rule)(); y.defined()) return {y};
    return one_by_one();
  }

 private:
  using WideRule = Tensor (WidePusher::*)() const;

  static std::span<const std::pair<std::string_view, WideRule>> rules() {
    static constexpr std::pair<std::string_view, WideRule> all[] = {
        {"reshape", &WidePusher::reshaped},   {"clone", &WidePusher::same},
        {"output", &WidePusher::same},        {"expand", &WidePusher::expanded},
        {"sum", &WidePusher::summed},         {"mean", &WidePusher::averaged},
        {"transpose", &WidePusher::swapped},  {"permute", &WidePusher::permuted},
        {"select", &WidePusher::selected},    {"slice", &WidePusher::sliced},
        {"stack", &WidePusher::stacked},      {"cat", &WidePusher::joined},
        {"index_select", &WidePusher::rows},  {"matmul", &WidePusher::product},
        {"mv", &WidePusher::vector_product},  {"outer", &WidePusher::outer_product},
        {"linear", &WidePusher::linear_rows}, {"dot", &WidePusher::inner_product},
    };
    return all;
  }

  const Tensor& x(std::size_t i) const { return *call_.inputs[i].tensor; }
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
  Tensor repeated(const Tensor& x) const { return expand(x, behind(directions_, shape())); }

  /// By the rules of a call on as many copies of the operands as there are directions.
  Tensor elementwise() const {
    const Shape wide = behind(directions_, shape());
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

  // What moves elements, or adds them up:

  Tensor same() const { return t_[0]; }
  Tensor reshaped() const { return reshape(t_[0], behind(directions_, shape())); }
  Tensor expanded() const { return broadcast_wide(t_[0], shape()); }
  Tensor summed() const {
    const Read read(call_);
    const std::vector<int> axes = read.axes("axes");
    return axes.empty() ? t_[0] : sum(t_[0], axes, read.number("keepdim") != 0);
  }
  Tensor averaged() const {
    const Read read(call_);
    const std::vector<int> axes = read.axes("axes");
    return axes.empty() ? t_[0] : mean(t_[0], axes, read.number("keepdim") != 0);
  }
  Tensor swapped() const {
    const Read read(call_);
    return transpose(t_[0], read.axis("axis0"), read.axis("axis1"));
  }
  Tensor permuted() const {
    std::vector<int> axes = Read(call_).axes("axes");
    axes.insert(axes.begin(), 0);
    return permute(t_[0], axes);
  }
  Tensor selected() const {
    const Read read(call_);
    return select(t_[0], read.axis(), read.number("index"));
  }
  Tensor sliced() const {
    const Read read(call_);
    const int axis = read.axis();
    const std::int64_t start = read.number("start"), step = read.number("step");
    if (step < 1) return {};
    return slice(t_[0], axis, start, start + step * shape()[axis - 1], step);
  }
  Tensor rows() const { return x(0).dim() == 0 ? Tensor() : index_select(t_[0], Read(call_).axis(), x(1)); }
  std::vector<Tensor> all_tangents() const {
    std::vector<Tensor> t(t_.begin(), t_.end());
    for (std::size_t i = 0; i < t.size(); ++i)
      if (!t[i].defined()) t[i] = zeros_of(behind(directions_, x(i).shape()), x(i).dtype());
    return t;
  }
  Tensor stacked() const { return stack(all_tangents(), Read(call_).axis()); }
  Tensor joined() const { return cat(all_tangents(), Read(call_).axis()); }

  // Products: the directions are more rows, or a batch.

  Tensor product() const {
    if (x(0).dim() != 2 || x(1).dim() != 2) return {};
    const Read read(call_);
    const bool ta = read.number("transpose_a") != 0, tb = read.number("transpose_b") != 0;
    Tensor total;
    if (t_[0].defined()) {
      if (ta) {
        add(total, gemm(t_[0], x(1), true, tb));
      } else {
        const Tensor flat = reshape(t_[0], {directions_ * x(0).size(0), x(0).size(1)});
        add(total, reshape(gemm(flat, x(1), false, tb), behind(directions_, shape())));
      }
    }
    if (t_[1].defined()) add(total, gemm(x(0), t_[1], ta, tb));
    return total;
  }
  Tensor vector_product() const {
    const bool turned = Read(call_).number("transpose") != 0;
    Tensor total;
    if (t_[0].defined()) {
      const Tensor column = unsqueeze(x(1), 1);
      add(total, reshape(gemm(t_[0], column, turned, false), behind(directions_, shape())));
    }
    if (t_[1].defined()) add(total, gemm(t_[1], x(0), false, !turned));
    return total;
  }
  Tensor outer_product() const {
    Tensor total;
    if (t_[0].defined()) add(total, unsqueeze(t_[0], 2) * x(1));
    if (t_[1].defined()) add(total, unsqueeze(t_[1], 1) * unsqueeze(x(0), 1));
    return total;
  }
  Tensor inner_product() const {
    Tensor total;
    if (t_[0].defined()) add(total, mv(t_[0], x(1)));
    if (t_[1].defined()) add(total, mv(t_[1], x(0)));
    return total;
  }
  Tensor linear_rows() const {
    Tensor total;
    if (t_[0].defined()) add(total, xgrad::linear(t_[0], x(1)));
    if (t_[1].defined()) add(total, gemm(x(0), t_[1], false, true));
    if (t_.size() > 2 && t_[2].defined()) add(total, broadcast_wide(t_[2], shape()));
    return total;
  }

  std::int64_t directions_;
};

}  // namespace

std::vector<Tensor> push_wide(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions) {
  return WidePusher(call, tangents, directions).run();
}

}  // namespace xgrad::detail
