#include "ops/support/accumulate.hpp"

#include <algorithm>
#include <vector>

#include "ops/reduce/reduce.hpp"
#include "ops/support/elementwise.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad::detail {

Tensor add_grads(const Tensor& a, const Tensor& b, bool create_graph) {
  const RecordingGuard guard(create_graph);
  return add(a, b);
}

namespace {

/// Of a walk, which adds what rules return.
constexpr Kernel accumulate_kernel = {.name = "accumulate", .elementwise = true, .owner = "backward"};

}  // namespace

void add_in_place(Node* x, const Tensor& g) {
  ++x->buffer->version;
  visit_floating(x->dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    T* px = static_cast<T*>(x->data);
    const T* pg = ptr<T>(g);
    if (have_lines(x, g.node()))
      zip_lines(
          x->numel, px, px, pg, [](T u, T v) { return u + v; }, accumulate_kernel);
    else
      launch(accumulate_kernel, {.bytes = x->numel * bytes_of<T, T, T>}, x->numel,
             [=](std::int64_t first, std::int64_t last) {
               for (std::int64_t i = first; i < last; ++i) px[i] += pg[i];
             });
  });
}

bool are_distinct(const Tensor& places) {
  const std::int64_t* p = ptr<const std::int64_t>(places);
  std::vector<std::int64_t> sorted(p, p + places.numel());
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

Tensor sum_to(const char* op, const Tensor& g, const Shape& shape) {
  const Shape& wide = g.shape(op);
  const int extra = wide.rank() - shape.rank();
  AxisBits axes = 0;
  bool reduces = extra >= 0;
  for (int i = 0; i < wide.rank() && reduces; ++i) {
    const std::int64_t size = i < extra ? 1 : shape[i - extra];
    if (size == wide[i]) continue;
    reduces = size == 1;
    axes |= AxisBits{1} << i;
  }
  if (!reduces)
    fail(op, "its rule must return a gradient that sums to the input's shape: the gradient is " +
                 g.describe() + ", the input has shape " + shape.str());
  return with_shape(axes ? sum_over(g, axes, false) : g, shape);
}

}  // namespace xgrad::detail
