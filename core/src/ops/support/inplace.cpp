#include <cmath>

#include "autodiff/listen.hpp"
#include "kernels/loops/wrap.hpp"
#include "ops/support/elementwise.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {
namespace detail {

namespace {

/// Throws where x must not be written, and tells those who listen where it may.
[[gnu::cold, gnu::noinline]] void look_closer(const char* op, const Tensor& x) {
  if (!x.is_leaf(op))
    fail(op, "only leaves can be changed in place: x is " + x.describe() + ", the result of " + x.op_name() +
                 "; write x = x + y, or change x.detach()");
  if (x.requires_grad() && is_recording())
    fail(op, "a leaf that requires a gradient can be changed only outside recording: x is " + x.describe() +
                 "; use NoGrad guard;");
  if (x.node()->buffer->read_only)
    fail(op, "the elements lie in memory that must not be written, see from_memory: x is " + x.describe() +
                 "; change x.clone()");
  if (x.node()->copy_of == CopyOf::part_in_list)
    fail(op, "a copy of a part of another tensor would change, and not that one: x is " + x.describe() +
                 "; change that one by index_put_ or copy_, or take x.clone() first");
  if (is_heard()) [[unlikely]]
    tell_write(op, x);
}

}  // namespace

void check_writable(const char* op, const Tensor& x) {
  const Node* n = x.node(op);
  const bool writable = !n->op && (doors & (n->requires_grad ? tape | listener : listener)) == 0 &&
                        !n->buffer->read_only && n->copy_of != CopyOf::part_in_list;
  if (!writable) [[unlikely]]
    look_closer(op, x);
}

void check_no_history_is_dropped(const char* op, const Tensor& x, const Tensor& y) {
  if (is_recording() && y.requires_grad(op))
    fail(op, "the operand requires a gradient, which a change in place would not pass on: x is " +
                 x.describe() + ", the operand is " + y.describe() +
                 "; compute a new tensor (x = x + y), or use y.detach() or NoGrad guard;");
}

}  // namespace detail

namespace {

using namespace detail;

/// `y` ready to be read while `x` is written: of x's dtype, and a copy where they share elements.
Tensor operand(const char* op, const Tensor& x, const Tensor& y) {
  check_writable(op, x);
  check_no_history_is_dropped(op, x, y);
  if (!(broadcast_shapes(op, x, y) == x.shape()))
    fail(op, "the operand does not broadcast to the tensor that is changed: x is " + x.describe() +
                 ", the operand is " + y.describe() + "; sizes must agree, or the operand's be 1");
  const NoGrad guard;
  if (y.dtype() != x.dtype()) return y.to(x.dtype());
  const bool overlaps = y.node()->buffer == x.node()->buffer && y.node()->data != x.node()->data;
  return overlaps || !(y.shape() == x.shape()) ? broadcast_to(y, x.shape()) : y;
}

/// x = f(x, y) in place, where both keep the rules of arithmetic.
template <class F>
Tensor& change(const char* op, Tensor& x, const Tensor& y, F f) {
  check_writable(op, x);
  if (common_dtype(op, x, y) != x.dtype() || x.dtype() == boolean)
    fail(op, "the result would not fit the tensor that is changed: x is " + x.describe() +
                 ", the operand is " + y.describe() + "; convert the tensor with .to() first");
  const Tensor from = operand(op, x, y);
  ++x.node()->buffer->version;
  update(x, from, f);
  return x;
}

/// x += alpha y.
Tensor& add_multiple(const char* op, Tensor& x, const Tensor& y, double alpha) {
  if (!is_floating(x.dtype(op)) && !(std::floor(alpha) == alpha && std::abs(alpha) < 0x1p63))
    fail(op, "alpha must be an integer for an integer tensor: x is " + x.describe());
  return change(op, x, y,
                [alpha](auto u, auto v) { return plus(u, times(static_cast<decltype(u)>(alpha), v)); });
}

}  // namespace

Tensor& Tensor::fill_(Scalar value) & {
  static constexpr Kernel kernel = {.name = "fill", .elementwise = true, .owner = "fill_"};
  check_writable("fill_", *this);
  ++node()->buffer->version;
  visit_any(dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(kernel, {.bytes = numel() * bytes_of<T>},
           [v = value.to<T>("fill_"), p = ptr<T>(*this), n = numel()] { std::fill_n(p, n, v); });
  });
  return *this;
}

Tensor& Tensor::copy_(const Tensor& source) & {
  static constexpr Kernel kernel = {.name = "copy_into", .elementwise = true, .owner = "copy_"};
  const Tensor from = operand("copy_", *this, without_axes_in_front("copy_", source, dim("copy_")));
  ++node()->buffer->version;
  const std::int64_t bytes = numel() * size_of(dtype());
  if (from.node()->data != node()->data)
    launch(kernel, {.bytes = 2 * bytes}, [bytes, to = node()->data, source = from.node()->data] {
      std::memcpy(to, source, static_cast<std::size_t>(bytes));
    });
  return *this;
}

Tensor& Tensor::add_(const Tensor& other, double alpha) & {
  return add_multiple("add_", *this, other, alpha);
}
Tensor& Tensor::sub_(const Tensor& other, double alpha) & {
  return add_multiple("sub_", *this, other, -alpha);
}

Tensor& Tensor::mul_(const Tensor& other) & {
  return change("mul_", *this, other, [](auto u, auto v) { return times(u, v); });
}

Tensor& Tensor::div_(const Tensor& other) & {
  check_floating("div_", *this);
  return change("div_", *this, other, [](auto u, auto v) { return u / v; });
}

// By a number, in the tensor's dtype; a fraction does not fit integers.
Tensor& Tensor::add_(Scalar other, double alpha) & {
  return add_(constant(other, dtype_with(*this, other, "add_")), alpha);
}
Tensor& Tensor::sub_(Scalar other, double alpha) & {
  return sub_(constant(other, dtype_with(*this, other, "sub_")), alpha);
}
Tensor& Tensor::mul_(Scalar other) & { return mul_(constant(other, dtype_with(*this, other, "mul_"))); }
Tensor& Tensor::div_(Scalar other) & { return div_(constant(other, dtype_with(*this, other, "div_"))); }

}  // namespace xgrad
