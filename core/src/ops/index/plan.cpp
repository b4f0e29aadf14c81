#include "ops/index/plan.hpp"

#include <algorithm>

#include "autodiff/listen.hpp"
#include "kernels/loops/work.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/layout.hpp"
#include "tensor/capture.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {
namespace {

constexpr Kernel offsets_kernel = {.name = "index_offsets"};

/// An int64 array of an index: the axis of x that it is for, and how it broadcasts.
struct Array {
  Tensor places;
  int axis;
};

/// An axis of the result that an item keeps or makes.
struct Kept {
  std::int64_t size, step;
};

class Planner {
 public:
  Planner(const char* op, const Tensor& x) : op_(op), x_(x), steps_(x.shape()) {}

  void add(std::int64_t i) {
    const std::int64_t n = next_size();
    if (i < -n || i >= n)
      fail(op_, "index " + std::to_string(i) + " is out of range on axis " + std::to_string(axis_) +
                    ": x is " + x_.describe() + index_range(n));
    first_ += (i < 0 ? i + n : i) * steps_[axis_++];
  }

  void add(const Slice& s) {
    const std::int64_t n = next_size();
    if (s.step == 0) fail(op_, "the step of a slice must not be 0: x is " + x_.describe());
    const auto [start, step, count] = entries_of(s.start, s.stop, s.step, n);
    if (count > 0) first_ += start * steps_[axis_];
    kept_.push_back({count, step * steps_[axis_++]});
  }

  void add(NewAxis) { kept_.push_back({1, 0}); }

  void add_rest(int axes) {
    for (int k = 0; k < axes; ++k) add(Slice{});
  }

  void add(const Tensor& array) {
    if (arrays_.empty())
      place_ = kept_.size();
    else if (place_ != kept_.size())
      adjacent_ = false;
    if (array.dtype() == int64) {
      next_size();
      arrays_.push_back({array, axis_++});
    } else if (array.dtype() == boolean) {
      add_mask(array);
    } else {
      fail(op_, "arrays in an index must be int64 or boolean: one is " + array.describe() + ", x is " +
                    x_.describe());
    }
  }

  IndexPlan plan() const {
    IndexPlan p;
    p.layout.first = first_;
    const std::size_t at = adjacent_ ? place_ : 0;
    const auto keep = [&](std::size_t from, std::size_t to) {
      for (std::size_t k = from; k < to; ++k) {
        p.shape.push_back(kept_[k].size);
        p.layout.axis(kept_[k].size, kept_[k].step);
      }
    };
    if (arrays_.empty()) {
      p.offsets = constant_of([] {
        const Tensor zero = new_tensor({1}, int64);
        *ptr<std::int64_t>(zero) = 0;
        return zero;
      });
      keep(0, kept_.size());
      return p;
    }
    p.has_arrays = true;
    const Shape arrays = broadcast_arrays();
    p.offsets = new_tensor({arrays.numel()}, int64);
    const auto count = static_cast<std::int64_t>(arrays_.size());
    launch(offsets_kernel, {.bytes = 2 * count * arrays.numel() * bytes_of<std::int64_t>},
           [&] { fill_offsets(p.offsets, arrays); });
    keep(0, at);
    for (std::int64_t size : arrays) p.shape.push_back(size);
    p.layout.axis_of_offsets(arrays.numel());
    keep(at, kept_.size());
    return p;
  }

 private:
  std::int64_t next_size() const {
    if (axis_ >= x_.dim())
      fail(op_, "there are more indices than axes: x is " + x_.describe() + "; give " +
                    std::to_string(x_.dim()) + " at most");
    return x_.shape()[axis_];
  }

  /// A mask takes its axes, as the places where it is true.
  void add_mask(const Tensor& mask) {
    bool fits = axis_ + mask.dim() <= x_.dim() && mask.dim() > 0;
    for (int i = 0; i < mask.dim() && fits; ++i) fits = mask.shape()[i] == x_.shape()[axis_ + i];
    if (!fits)
      fail(op_, "a boolean array must have the sizes of the axes that it indexes, from axis " +
                    std::to_string(axis_) + " on: x is " + x_.describe() + ", the array is " +
                    mask.describe());
    const Tensor places = nonzero(mask);
    for (int i = 0; i < mask.dim(); ++i) arrays_.push_back({select(places, 1, i), axis_++});
  }

  Shape broadcast_arrays() const {
    Shape s;
    for (const Array& a : arrays_)
      s = broadcast_shapes(op_, s, a.places.shape(), name_of(int64), name_of(int64));
    return s;
  }

  /// Of the array as it is: what broadcasts to nothing must be in range too.
  void check_places(const Tensor& places, int axis) const {
    const std::int64_t n = x_.shape()[axis], *p = ptr<std::int64_t>(places);
    for (std::int64_t i = 0; i < places.numel(); ++i)
      if (p[i] < -n || p[i] >= n)
        fail(op_, "index " + std::to_string(p[i]) + " in an array is out of range on axis " +
                      std::to_string(axis) + ": x is " + x_.describe() + ", the array is " +
                      places.describe() + index_range(n));
  }

  /// The sum over the arrays of place times step.
  void fill_offsets(const Tensor& offsets, const Shape& shape) const {
    std::int64_t* sum = ptr<std::int64_t>(offsets);
    std::fill_n(sum, offsets.numel(), 0);
    for (const auto& [places, axis] : arrays_) {
      const std::int64_t n = x_.shape()[axis];
      check_places(places, axis);
      const Tensor wide = repeated(places, shape);
      const std::int64_t* p = ptr<std::int64_t>(wide);
      for (std::int64_t i = 0; i < wide.numel(); ++i) sum[i] += (p[i] < 0 ? p[i] + n : p[i]) * steps_[axis];
    }
  }

  const char* op_;
  const Tensor& x_;
  Steps steps_;
  int axis_ = 0;
  std::int64_t first_ = 0;
  std::vector<Kept> kept_;
  std::vector<Array> arrays_;
  std::size_t place_ = 0;  ///< of the first array among the kept axes
  bool adjacent_ = true;
};

/// How many axes of x an item takes.
int axes_of(const char* op, const Index& index) {
  if (const Tensor* array = std::get_if<Tensor>(&index.item()))
    return array->dtype(op) == boolean ? array->dim() : 1;
  return std::holds_alternative<NewAxis>(index.item()) || std::holds_alternative<Ellipsis>(index.item()) ? 0
                                                                                                         : 1;
}

struct Text {
  std::string operator()(std::int64_t i) const { return std::to_string(i); }
  std::string operator()(const Slice& s) const {
    const auto bound = [](const std::optional<std::int64_t>& at) { return at ? std::to_string(*at) : ""; };
    return bound(s.start) + ":" + bound(s.stop) + (s.step == 1 ? "" : ":" + std::to_string(s.step));
  }
  std::string operator()(Ellipsis) const { return "..."; }
  std::string operator()(NewAxis) const { return "None"; }
  std::string operator()(const Tensor&) const { return "array"; }
};

}  // namespace

std::string text_of(std::span<const Index> indices) {
  std::string s;
  for (const Index& i : indices) s += (s.empty() ? "" : ", ") + std::visit(Text(), i.item());
  return s;
}

IndexPlan plan_index(const char* op, const Tensor& x, std::span<const Index> indices) {
  const NoGrad guard;
  const Unheard quiet;
  int rest = x.dim(op), dots = 0;
  for (const Index& i : indices) {
    rest -= axes_of(op, i);
    dots += std::holds_alternative<Ellipsis>(i.item());
  }
  if (dots > 1)
    fail(op, "an index must have one ellipsis at most: there are " + std::to_string(dots) + ", x is " +
                 x.describe());
  Planner planner(op, x);
  for (const Index& i : indices)
    std::visit(
        [&](const auto& item) {
          if constexpr (std::same_as<std::decay_t<decltype(item)>, Ellipsis>)
            planner.add_rest(rest);
          else
            planner.add(item);
        },
        i.item());
  if (dots == 0) planner.add_rest(rest);
  return planner.plan();
}

}  // namespace xgrad::detail
