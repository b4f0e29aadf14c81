#include "kernels/loops/select.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "kernels/loops/broadcast_runs.hpp"
#include "kernels/loops/dispatch.hpp"

namespace xgrad::detail {
namespace {

constexpr Kernel select_kernel = {.name = "select", .elementwise = true};
constexpr Kernel select_broadcast_kernel = {.name = "select_broadcast"};

/// A bool as it lies in memory, 0 or 1: g++ 12 makes no vector code of loops that read bools.
using Byte = unsigned char;

template <class T>
T* plain(T* p) {
  return p;
}
inline Byte* plain(bool* p) { return reinterpret_cast<Byte*>(p); }
inline const Byte* plain(const bool* p) { return reinterpret_cast<const Byte*>(p); }

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                  std::conditional_t<sizeof(T) == 4, std::uint32_t, Byte>>;

/// c ? u : v by bits, without a jump.
template <class T>
T chosen(Byte c, T u, T v) {
  using B = BitsOf<T>;
  const B a = std::bit_cast<B>(u), b = std::bit_cast<B>(v), mask = static_cast<B>(-static_cast<B>(c));
  return std::bit_cast<T>(static_cast<B>((a & mask) | (b & ~mask)));
}

/// o[i] = f(i), in blocks that are one vector of bytes: left alone, g++ takes 64 elements at a time and the
/// last 63 one by one, which is all there is of short rows.
template <class T, class F>
void each_element(std::int64_t n, T* __restrict o, F f) {
  constexpr std::int64_t block = 16;
  std::int64_t i = 0;
  for (; i + block <= n; i += block)
    for (std::int64_t j = i; j < i + block; ++j) o[j] = f(j);
  for (; i < n; ++i) o[i] = f(i);
}

template <class T>
void select_loop(std::int64_t n, T* __restrict o, const Byte* c, std::int64_t sc, const T* a, std::int64_t sa,
                 const T* b, std::int64_t sb) {
  const T u = *a, v = *b;
  if (!sc) {
    const T* from = *c ? a : b;
    if (*c ? sa : sb)
      std::copy_n(from, n, o);
    else
      std::fill_n(o, n, *from);
  } else if (sa && sb) {
    each_element(n, o, [=](std::int64_t i) { return chosen(c[i], a[i], b[i]); });
  } else if (sa) {
    each_element(n, o, [=](std::int64_t i) { return chosen(c[i], a[i], v); });
  } else if (sb) {
    each_element(n, o, [=](std::int64_t i) { return chosen(c[i], u, b[i]); });
  } else {
    each_element(n, o, [=](std::int64_t i) { return chosen(c[i], u, v); });
  }
}

}  // namespace

void select_walk(DType dtype, const Walker<3>& walk, void* o, const bool* condition, const void* a,
                 const void* b) {
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    static constexpr RunKernel kernel = {select_kernel, select_broadcast_kernel, sizeof(T)};
    each_run(
        kernel, walk,
        [to = plain(static_cast<T*>(o))](std::int64_t at, std::int64_t n, const Run<bool>& c, const Run<T>& u,
                                         const Run<T>& v) {
          select_loop(n, to + at, plain(c.at), c.step, plain(u.at), u.step, plain(v.at), v.step);
        },
        condition, static_cast<const T*>(a), static_cast<const T*>(b));
  });
}

}  // namespace xgrad::detail
