#include <array>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "ops/support/axes.hpp"
#include "ops/support/layout.hpp"
#include "ops/support/promote.hpp"
#include "tensor/capture.hpp"
#include "tensor/errors.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// Where each part begins along an axis, and where the last one ends.
Tensor starts_of(std::span<const std::int64_t> sizes) {
  return constant_of([&] {
    const Tensor starts = new_tensor({static_cast<std::int64_t>(sizes.size()) + 1}, int64);
    std::int64_t* at = ptr<std::int64_t>(starts);
    *at = 0;
    for (std::int64_t size : sizes) at[1] = at[0] + size, ++at;
    return starts;
  });
}

void check_some(const char* op, std::span<const Tensor> tensors) {
  if (tensors.empty()) fail(op, "needs at least one tensor: the list is empty");
}

}  // namespace

// Joining ---------------------------------------------------------------------------------------------------

Tensor cat(std::span<const Tensor> tensors, int axis) {
  static constexpr Op op = {.name = "cat",
                            .each = {keep::x(0),
                                     [](Grad g, Fn f, int i) {
                                       const Tensor starts = f.x(0);
                                       const std::int64_t* at = ptr<std::int64_t>(starts);
                                       return slice(g, f.attributes<Along>().axis, at[i - 1], at[i]);
                                     }},
                            .fields = &fields_of<Along>,
                            .again = [](Call c) { return cat(c.inputs(), c.attributes<Along>().axis); },
                            .jvp = Jvp::By::linear};
  check_some("cat", tensors);
  const Tensor& first = tensors[0];
  const int along = check_axis("cat", axis, first);
  std::vector<std::int64_t> sizes;
  Shape shape = first.shape();
  shape[along] = 0;
  for (const Tensor& x : tensors) {
    bool fits = x.dtype() == first.dtype() && x.dim() == first.dim();
    for (int i = 0; i < x.dim() && fits; ++i) fits = i == along || x.shape()[i] == first.shape()[i];
    if (!fits)
      fail("cat", "dtypes and all sizes but those of axis " + std::to_string(axis) +
                      " must agree: " + operands(first, x));
    sizes.push_back(x.shape()[along]);
    shape[along] = sum_of(shape[along], x.shape()[along]);
  }
  Tensor y = new_tensor(shape, first.dtype());
  std::int64_t start = 0;
  for (const Tensor& x : tensors) {
    copy_entries({y, along, start}, {x, along, 0}, x.shape()[along]);
    start += x.shape()[along];
  }
  if (doors == 0) return y;
  const Tensor starts = starts_of(sizes);
  std::vector<Ref> inputs = {starts};
  inputs.insert(inputs.end(), tensors.begin(), tensors.end());
  if (!is_heard()) return record(op, inputs, std::move(y), Along{along});
  {
    const Unheard guard;
    y = record(op, inputs, std::move(y), Along{along});
  }
  tell(op, std::span(inputs).subspan(1), {&y, 1},
       std::make_shared<Along>(Along{along}));  // not of the starts
  return y;
}

Tensor stack(std::span<const Tensor> tensors, int axis) {
  static constexpr Op op = {
      .name = "stack",
      .each = {keep::nothing, [](Grad g, Fn f, int i) { return select(g, f.attributes<Along>().axis, i); }},
      .fields = &fields_of<Along>,
      .again = [](Call c) { return stack(c.inputs(), c.attributes<Along>().axis); },
      .jvp = Jvp::By::linear};
  check_some("stack", tensors);
  const Tensor& first = tensors[0];
  const int along = check_axis("stack", axis, first, first.dim() + 1);
  for (const Tensor& x : tensors)
    if (x.dtype() != first.dtype() || !(x.shape() == first.shape()))
      fail("stack", "dtypes and shapes must agree: " + operands(first, x));
  Shape shape = first.shape();
  shape.insert(along, static_cast<std::int64_t>(tensors.size()));
  Tensor y = new_tensor(shape, first.dtype());
  std::int64_t start = 0;
  for (const Tensor& x : tensors) {
    Shape one = shape;
    one[along] = 1;
    copy_entries({y, along, start++}, {new_view(x, one), along, 0}, 1);
  }
  if (doors == 0) return y;
  std::vector<Ref> inputs(tensors.begin(), tensors.end());
  return record(op, inputs, std::move(y), Along{along});
}

Tensor cat(std::initializer_list<Tensor> tensors, int axis) {
  return cat(std::span(tensors.begin(), tensors.size()), axis);
}
Tensor cat(const std::vector<Tensor>& tensors, int axis) { return cat(std::span(tensors), axis); }
Tensor stack(std::initializer_list<Tensor> tensors, int axis) {
  return stack(std::span(tensors.begin(), tensors.size()), axis);
}
Tensor stack(const std::vector<Tensor>& tensors, int axis) { return stack(std::span(tensors), axis); }

// Splitting -------------------------------------------------------------------------------------------------

namespace {

/// The parts of x between the starts, along an axis; where `single`, they are of size 1 and lose the axis.
std::vector<Tensor> parts_of(const Op& op, const Tensor& x, const Tensor& starts, int axis, bool single) {
  const std::int64_t* at = ptr<std::int64_t>(starts);
  const std::int64_t outer = reduced_count(x.shape(), all_axes(axis)), inner = Steps(x.shape())[axis];
  std::vector<Tensor> parts;
  for (std::int64_t k = 0; k + 1 < starts.numel(); ++k) {
    Shape shape = x.shape();
    shape[axis] = at[k + 1] - at[k];
    Tensor part;
    if (outer == 1) {
      part = new_view(x, shape, at[k] * inner);
    } else {
      part = new_tensor(shape, x.dtype());
      copy_entries({part, axis, 0}, {x, axis, at[k]}, shape[axis]);
      part.node()->copy_of = CopyOf::part_in_list;
    }
    if (single) part.node()->shape.erase(axis);
    parts.push_back(std::move(part));
  }
  record_outputs(op, std::array<Ref, 2>{x, starts}, parts, Along{axis});
  return parts;
}

/// The sizes of `count` parts of one size. Throws Error for more than an empty tensor could be asked for.
std::vector<std::int64_t> parts_of_size(const char* op, const Tensor& x, std::int64_t count,
                                        std::int64_t size) {
  constexpr std::int64_t most = std::int64_t{1} << 24;
  if (count > most)
    fail(op, "too many parts: they would be " + std::to_string(count) + ", x is " + x.describe() +
                 "; take at most 2^24, or reshape");
  return std::vector<std::int64_t>(static_cast<std::size_t>(count), size);
}

/// The cotangents of all parts; where one is undefined, zeros.
std::vector<Tensor> all_defined(std::span<const Tensor> g, Fn f, bool single) {
  const int axis = f.attributes<Along>().axis;
  const Tensor starts = f.x(1);
  const std::int64_t* at = ptr<std::int64_t>(starts);
  std::vector<Tensor> parts(g.begin(), g.end());
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (parts[k].defined()) continue;
    Shape shape = f.shape(0);
    shape[axis] = at[k + 1] - at[k];
    if (single) shape.erase(axis);
    parts[k] = zeros_of(shape, f.dtype(0));
  }
  return parts;
}

}  // namespace

std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, int axis) {
  static constexpr Op op = {.name = "split",
                            .joint = {keep::x(1),
                                      [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                                        dx[0] = cat(all_defined(g, f, false), f.attributes<Along>().axis);
                                      }},
                            .scratch = 1,
                            .fields = &fields_of<Along>,
                            .again_all =
                                [](Call c) {
                                  const int along = c.attributes<Along>().axis;
                                  std::vector<std::int64_t> parts;
                                  for (std::size_t k = 0; k < c.outputs(); ++k)
                                    parts.push_back(c.shape(k)[along]);
                                  return split(c.x(0), parts, along);
                                },
                            .jvp = Jvp::By::linear};
  const int along = check_axis("split", axis, x);
  std::int64_t total = 0;
  for (std::int64_t size : sizes) {
    if (size < 0) fail("split", "sizes must not be negative: they are " + Shape(sizes).str());
    total = sum_of(total, size);
  }
  if (total != x.shape()[along] || sizes.empty())
    fail("split", "the sizes must sum to the size of axis " + std::to_string(axis) + ": they sum to " +
                      std::to_string(total) + ", x is " + x.describe());
  return parts_of(op, x, starts_of(sizes), along, false);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t size, int axis) {
  if (size < 1) fail("split", "the size of the parts must be positive: it is " + std::to_string(size));
  const std::int64_t n = x.shape()[check_axis("split", axis, x)];
  std::vector<std::int64_t> sizes = parts_of_size("split", x, n / size, size);
  if (n % size != 0 || n == 0) sizes.push_back(n % size);
  return split(x, sizes, axis);
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, int axis) {
  if (chunks < 1) fail("chunk", "needs at least one chunk: asked for " + std::to_string(chunks));
  const std::int64_t n = x.shape()[check_axis("chunk", axis, x)];
  return split(x, std::max<std::int64_t>(1, n / chunks + (n % chunks != 0)), axis);
}

std::vector<Tensor> unbind(const Tensor& x, int axis) {
  static constexpr Op op = {.name = "unbind",
                            .joint = {keep::x(1),
                                      [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                                        dx[0] = stack(all_defined(g, f, true), f.attributes<Along>().axis);
                                      }},
                            .scratch = 1,
                            .fields = &fields_of<Along>,
                            .again_all = [](Call c) { return unbind(c.x(0), c.attributes<Along>().axis); },
                            .jvp = Jvp::By::linear};
  const int along = check_axis("unbind", axis, x);
  return parts_of(op, x, starts_of(parts_of_size("unbind", x, x.shape()[along], 1)), along, true);
}

}  // namespace xgrad
