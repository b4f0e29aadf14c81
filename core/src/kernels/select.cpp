#include "kernels/elementwise.hpp"

namespace xgrad::detail {
namespace {

template <class T>
void select_loop(std::int64_t n, T* __restrict o, const bool* c, std::int64_t sc, const T* a, std::int64_t sa,
                 const T* b, std::int64_t sb) {
  if (sc && sa && sb) {
    for (std::int64_t i = 0; i < n; ++i) o[i] = c[i] ? a[i] : b[i];
  } else if (sc && sa) {
    const T v = *b;
    for (std::int64_t i = 0; i < n; ++i) o[i] = c[i] ? a[i] : v;
  } else if (sc && sb) {
    const T u = *a;
    for (std::int64_t i = 0; i < n; ++i) o[i] = c[i] ? u : b[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) o[i] = c[i * sc] ? a[i * sa] : b[i * sb];
  }
}

}  // namespace

Tensor select_elements(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const Shape shape = broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a, b), "bool",
                                       name_of(a.dtype()));
  Tensor o = new_tensor(shape, a.dtype());
  visit_any(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Walker<3> walk(shape, {&condition.shape(), &a.shape(), &b.shape()});
    each_run(
        walk,
        [po = ptr<T>(o)](std::int64_t at, std::int64_t n, const Run<bool>& c, const Run<T>& u,
                         const Run<T>& v) {
          select_loop(n, po + at, c.at, c.step, u.at, u.step, v.at, v.step);
        },
        ptr<const bool>(condition), ptr<const T>(a), ptr<const T>(b));
  });
  return o;
}

}  // namespace xgrad::detail
