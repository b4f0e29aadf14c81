#include "xgrad/core/creation.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/fields.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/support/accumulate.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

namespace {

Tensor new_leaf(const char* op, const Shape& shape, DType otherwise, const TensorOptions& options) {
  check_sizes(op, shape);
  Tensor x = new_tensor(shape, options.dtype.value_or(otherwise));
  if (options.requires_grad) {
    check_has_gradient(op, x);
    x.requires_grad_();
  }
  return x;
}

void fill(const char* op, Tensor& x, Scalar value) {
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::fill_n(ptr<T>(x), x.numel(), value.to<T>(op));
  });
}

Tensor filled(const char* op, const Shape& shape, Scalar value, DType otherwise,
              const TensorOptions& options) {
  Tensor x = new_leaf(op, shape, otherwise, options);
  fill(op, x, value);
  return x;
}

/// The options with x's dtype where they name none.
TensorOptions like(const Tensor& x, TensorOptions options, const char* op = __builtin_FUNCTION()) {
  if (!options.dtype) options.dtype = x.dtype(op);
  return options;
}

/// Walks nested braces row by row, checking that they form a box.
struct NestedReader {
  Shape shape;
  DType dtype = boolean;
  std::vector<Scalar> numbers;

  explicit NestedReader(const Nested& values) {
    for (const Nested* level = &values; !level->is_number(); level = &level->items()[0]) {
      shape.push_back(static_cast<std::int64_t>(level->items().size()));
      if (level->items().empty()) break;
    }
    read(values, 0);
    if (numbers.empty() || dtype == float64) dtype = float32;
  }

  void read(const Nested& value, int depth) {
    if (value.is_number() != (depth == shape.rank()))
      fail("tensor", "nested braces differ in depth; each row must hold the same number of rows or numbers");
    if (value.is_number()) {
      numbers.push_back(value.number());
      const DType kind = value.number().kind();
      if (kind == float64 || (kind == int64 && dtype == boolean)) dtype = kind;
      return;
    }
    if (static_cast<std::int64_t>(value.items().size()) != shape[depth])
      fail("tensor", "rows differ in length: " + std::to_string(value.items().size()) + " and " +
                         std::to_string(shape[depth]) + " on axis " + std::to_string(depth) +
                         "; give all rows one length");
    for (const Nested& item : value.items()) read(item, depth + 1);
  }
};

}  // namespace

namespace detail {

Tensor constant(Scalar value, DType dtype, const char* op) {
  Tensor x = new_tensor({}, dtype);
  fill(op, x, value);
  return x;
}

Tensor zeros_of(const Shape& shape, DType dtype) {
  Tensor x = new_tensor(shape, dtype);
  fill("zeros", x, 0);
  return x;
}

Tensor ones_of(const Shape& shape, DType dtype) {
  Tensor x = new_tensor(shape, dtype);
  fill("ones", x, 1);
  return x;
}

Tensor from_values(const void* values, DType stored, std::int64_t n, const Shape& shape,
                   const TensorOptions& options) {
  Tensor x = new_leaf("tensor", shape, stored, options);
  if (x.numel() != n)
    fail("tensor", "the shape needs " + std::to_string(x.numel()) + " values: it is " + shape.str() +
                       ", and there are " + std::to_string(n));
  visit_any(stored, [&](auto s) {
    visit_any(x.dtype(), [&](auto t) {
      using S = type_of<decltype(s)>;
      using T = type_of<decltype(t)>;
      map_loop(n, ptr<T>(x), static_cast<const S*>(values), [](S v) { return converted<T>(v); });
    });
  });
  return x;
}

}  // namespace detail

Tensor tensor(Nested values, TensorOptions options) {
  const NestedReader reader(values);
  Tensor x = new_leaf("tensor", reader.shape, reader.dtype, options);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    std::transform(reader.numbers.begin(), reader.numbers.end(), ptr<T>(x),
                   [](Scalar s) { return s.to<T>("tensor"); });
  });
  return x;
}

Tensor empty(const Shape& shape, TensorOptions options) { return new_leaf("empty", shape, float32, options); }

Tensor zeros(const Shape& shape, TensorOptions options) {
  static constexpr Op op = {.name = "zeros", .again = [](Call c) { return zeros(c.shape(), c.dtype()); }};
  return pass(op, no_inputs, filled("zeros", shape, 0, float32, options));
}

Tensor ones(const Shape& shape, TensorOptions options) {
  static constexpr Op op = {.name = "ones", .again = [](Call c) { return ones(c.shape(), c.dtype()); }};
  return pass(op, no_inputs, filled("ones", shape, 1, float32, options));
}

Tensor full(const Shape& shape, Scalar value, TensorOptions options) {
  static constexpr Op op = {.name = "full", .fields = &fields_of<Number>, .again = [](Call c) {
                              return full(c.shape(), c.attributes<Number>().number, {.dtype = c.dtype()});
                            }};
  const DType otherwise = value.kind() == float64 ? float32 : value.kind();
  return pass(op, no_inputs, filled("full", shape, value, otherwise, options), [&] { return Number{value}; });
}

Tensor eye(std::int64_t n, TensorOptions options) { return eye(n, n, options); }

Tensor eye(std::int64_t n, std::int64_t m, TensorOptions options) {
  static constexpr Op op = {
      .name = "eye", .again = [](Call c) { return eye(c.shape()[0], c.shape()[1], {.dtype = c.dtype()}); }};
  Tensor x = filled("eye", {n, m}, 0, float32, options);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < std::min(n, m); ++i) ptr<T>(x)[i * m + i] = T(1);
  });
  return pass(op, no_inputs, std::move(x));
}

Tensor arange(Scalar end, TensorOptions options) { return arange(0, end, 1, options); }

namespace {

struct Range {
  Scalar start, end, step;
  void fields(auto&& field) const { field("start", start), field("end", end), field("step", step); }
};

struct Spaced {
  double start, end;
  void fields(auto&& field) const { field("start", start), field("end", end); }
};

}  // namespace

Tensor arange(Scalar start, Scalar end, Scalar step, TensorOptions options) {
  static constexpr Op op = {.name = "arange", .fields = &fields_of<Range>, .again = [](Call c) {
                              const auto& [from, to, by] = c.attributes<Range>();
                              return arange(from, to, by, {.dtype = c.dtype()});
                            }};
  const bool whole = start.kind() != float64 && end.kind() != float64 && step.kind() != float64;
  const double first = start.to<double>(), by = step.to<double>();
  const double count = !whole ? std::ceil((end.to<double>() - first) / by)
                       : by == 0
                           ? NAN
                           : static_cast<double>(steps_between(
                                 start.to<std::int64_t>(), end.to<std::int64_t>(), step.to<std::int64_t>()));
  if (by == 0 || !std::isfinite(count))
    fail("arange", "needs finite limits and a step that is not 0: from " + short_text(first) + " to " +
                       short_text(end.to<double>()) + " by " + short_text(by));
  if (count > static_cast<double>(most_elements))
    fail("arange", "too many elements: from " + short_text(first) + " to " + short_text(end.to<double>()) +
                       " by " + short_text(by) + holds_fewer);
  Tensor x =
      new_leaf("arange", {static_cast<std::int64_t>(std::max(count, 0.0))}, whole ? int64 : float32, options);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < x.numel(); ++i)
      ptr<T>(x)[i] = whole ? static_cast<T>(plus(start.to<std::int64_t>(), times(i, step.to<std::int64_t>())))
                           : converted<T>(first + static_cast<double>(i) * by);
  });
  return pass(op, no_inputs, std::move(x), [&] { return Range{start, end, step}; });
}

Tensor linspace(double start, double end, std::int64_t steps, TensorOptions options) {
  static constexpr Op op = {.name = "linspace", .fields = &fields_of<Spaced>, .again = [](Call c) {
                              const auto& [from, to] = c.attributes<Spaced>();
                              return linspace(from, to, c.shape()[0], {.dtype = c.dtype()});
                            }};
  Tensor x = new_leaf("linspace", {steps}, float32, options);
  const double by = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < steps; ++i)  // from the nearer end, so that both ends are exact
      ptr<T>(x)[i] = converted<T>(2 * i < steps ? start + by * static_cast<double>(i)
                                                : end - by * static_cast<double>(steps - 1 - i));
  });
  return pass(op, no_inputs, std::move(x), [&] { return Spaced{start, end}; });
}

namespace {

Tensor adopt_memory(void* data, bool read_only, const Shape& shape, DType dtype,
                    std::function<void(void*)> release) {
  check_sizes("from_memory", shape);
  check_extent(shape);
  const auto what = [&] { return ": the elements would be " + (std::string(name_of(dtype)) + shape.str()); };
  if (!data && shape.numel() > 0) fail("from_memory", "the pointer is null" + what());
  if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(size_of(dtype)) != 0)
    fail("from_memory", "the pointer is no multiple of the element's size, " +
                            std::to_string(size_of(dtype)) + " bytes" + what() + "; copy them by tensor()");
  return new_foreign_tensor(data, read_only, shape, dtype, std::move(release));
}

}  // namespace

Tensor from_memory(void* data, const Shape& shape, DType dtype, std::function<void(void*)> release) {
  return adopt_memory(data, false, shape, dtype, std::move(release));
}
Tensor from_memory(const void* data, const Shape& shape, DType dtype, std::function<void(void*)> release) {
  return adopt_memory(const_cast<void*>(data), true, shape, dtype, std::move(release));
}

Tensor empty_like(const Tensor& x, TensorOptions options) { return empty(x.shape(), like(x, options)); }
Tensor zeros_like(const Tensor& x, TensorOptions options) { return zeros(x.shape(), like(x, options)); }
Tensor ones_like(const Tensor& x, TensorOptions options) { return ones(x.shape(), like(x, options)); }
Tensor full_like(const Tensor& x, Scalar value, TensorOptions options) {
  return full(x.shape(), value, like(x, options));
}

}  // namespace xgrad
