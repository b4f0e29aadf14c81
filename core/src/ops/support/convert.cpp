#include <cstring>

#include "kernels/loops/wrap.hpp"
#include "ops/support/elementwise.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

Tensor Tensor::to(DType dtype) const& {
  static constexpr Op op = {.name = "to",
                            .vjp = {{{keep::nothing, [](Grad g, Fn f) { return g.to(f.dtype(0)); }}}},
                            .again = [](Call c) { return c.x(0).to(c.dtype()); },
                            .jvp = Jvp::By::linear};
  if (dtype == this->dtype()) return *this;
  Tensor y = visit_any(this->dtype(), [&](auto from) {
    return visit_any(dtype, [&](auto to) {
      using S = type_of<decltype(from)>;
      using T = type_of<decltype(to)>;
      return map_as<T, S>(*this, [](S v) { return converted<T>(v); });
    });
  });
  return is_floating(dtype) ? record(op, {*this}, std::move(y)) : pass(op, {*this}, std::move(y));
}

Tensor Tensor::detach() const& {
  static constexpr Op op = {.name = "detach", .again = [](Call c) { return c.x(0).detach(); }};
  return pass(op, {*this}, new_view(*this, shape()));
}

Tensor Tensor::clone() const {
  static constexpr Op op = {.name = "clone",
                            .vjp = {{{keep::nothing, [](Grad g, Fn) { return g; }}}},
                            .again = [](Call c) { return c.x(0).clone(); },
                            .jvp = Jvp::By::linear};
  Tensor y = new_tensor(shape(), dtype());
  static constexpr Kernel kernel = {.name = "clone", .elementwise = true};
  const std::int64_t bytes = numel() * size_of(dtype());
  launch(kernel, {.bytes = 2 * bytes}, [bytes, to = y.node()->data, from = node()->data] {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
  });
  return record(op, {*this}, std::move(y));
}

}  // namespace xgrad
