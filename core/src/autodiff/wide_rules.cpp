#include "autodiff/wide_rules.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "autodiff/fields.hpp"
#include "ops/index/gather.hpp"
#include "ops/support/promote.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

Shape with_directions(std::int64_t first, const Shape& rest, int ones) {
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
  return expand(reshape(t, with_directions(k, own, shape.rank() - own.rank())), with_directions(k, shape));
}

namespace {

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

class WideRules {
 public:
  WideRules(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions)
      : call_(call), t_(tangents), directions_(directions) {}

  Tensor run() const {
    for (const auto& [name, rule] : rules())
      if (name == call_.op.name) return (this->*rule)();
    return {};
  }

 private:
  using WideRule = Tensor (WideRules::*)() const;

  static std::span<const std::pair<std::string_view, WideRule>> rules() {
    static constexpr std::pair<std::string_view, WideRule> all[] = {
        {"reshape", &WideRules::reshaped},
        {"clone", &WideRules::same},
        {"output", &WideRules::same},
        {"expand", &WideRules::expanded},
        {"sum", &WideRules::summed},
        {"mean", &WideRules::averaged},
        {"transpose", &WideRules::swapped},
        {"permute", &WideRules::permuted},
        {"select", &WideRules::selected},
        {"slice", &WideRules::sliced},
        {"slice_vjp", &WideRules::unsliced},
        {"index_view", &WideRules::viewed},
        {"flip", &WideRules::flipped},
        {"roll", &WideRules::rolled},
        {"index_select_vjp", &WideRules::rows_back},
        {"stack", &WideRules::stacked},
        {"cat", &WideRules::joined},
        {"index_select", &WideRules::rows},
        {"matmul", &WideRules::product},
        {"mv", &WideRules::vector_product},
        {"outer", &WideRules::outer_product},
        {"linear", &WideRules::linear_rows},
        {"dot", &WideRules::inner_product},
    };
    return all;
  }

  const Tensor& x(std::size_t i) const { return *call_.inputs[i].tensor; }
  const Shape& shape() const { return call_.outputs[0].shape(); }

  static void add(Tensor& total, Tensor part) { total = total.defined() ? total + part : std::move(part); }

  // What moves elements, or adds them up:

  Tensor same() const { return t_[0]; }
  Tensor reshaped() const { return reshape(t_[0], with_directions(directions_, shape())); }
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
  /// Zeros with the tangents at the part.
  Tensor unsliced() const {
    const Read read(call_);
    const int axis = read.axis();
    if (read.number("step") != 1) return {};
    const auto zeros = [&](std::int64_t size) {
      Shape s = t_[0].shape();
      s[axis] = size;
      return zeros_of(s, t_[0].dtype());
    };
    const std::int64_t start = read.number("start"), rest = shape()[axis - 1] - start - t_[0].size(axis);
    std::vector<Tensor> parts;
    if (start > 0) parts.push_back(zeros(start));
    parts.push_back(t_[0]);
    if (rest > 0) parts.push_back(zeros(rest));
    return parts.size() == 1 ? t_[0] : cat(parts, axis);
  }
  Tensor viewed() const {
    const Tensor flat = reshape(t_[0], {directions_, x(0).numel()});
    return reshape(narrow(flat, 1, Read(call_).number("first"), shape().numel()),
                   with_directions(directions_, shape()));
  }
  Tensor flipped() const {
    const std::vector<int> axes = Read(call_).axes("axes");
    return axes.empty() ? t_[0] : flip(t_[0], axes);
  }
  Tensor rolled() const {
    const Read read(call_);
    return roll(t_[0], read.number("shift"), read.axis());
  }
  Tensor rows_back() const {
    if (shape().rank() == 0) return {};
    return index_select_vjp(t_[0], with_directions(directions_, shape()), Read(call_).axis(), x(1));
  }
  Tensor rows() const { return x(0).dim() == 0 ? Tensor() : index_select(t_[0], Read(call_).axis(), x(1)); }
  std::vector<Tensor> all_tangents() const {
    std::vector<Tensor> t(t_.begin(), t_.end());
    for (std::size_t i = 0; i < t.size(); ++i)
      if (!t[i].defined()) t[i] = zeros_of(with_directions(directions_, x(i).shape()), x(i).dtype());
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
        add(total, reshape(gemm(flat, x(1), false, tb), with_directions(directions_, shape())));
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
      add(total, reshape(gemm(t_[0], column, turned, false), with_directions(directions_, shape())));
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
    if (t_[0].defined()) add(total, linear(t_[0], x(1)));
    if (t_[1].defined()) add(total, gemm(x(0), t_[1], false, true));
    if (t_.size() > 2 && t_[2].defined()) add(total, broadcast_wide(t_[2], shape()));
    return total;
  }

  const Heard& call_;
  std::span<const Tensor> t_;
  std::int64_t directions_;
};

}  // namespace

Tensor pushed_by_wide_rule(const Heard& call, std::span<const Tensor> tangents, std::int64_t directions) {
  return call.outputs.size() == 1 ? WideRules(call, tangents, directions).run() : Tensor();
}

}  // namespace xgrad::detail
