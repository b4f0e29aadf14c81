#include "support/register_loop.hpp"

#include <xgrad/core/build_info.hpp>

namespace bench {

namespace {

constexpr int chains = 12;  ///< of multiply-adds that do not wait for each other

/// In registers of so many bytes; the compiler may not see that the sums settle.
#define XGRAD_REGISTER_LOOP(name, T, bytes, instructions)                        \
  [[gnu::target(instructions), gnu::noinline]] void name(std::int64_t turns) {   \
    typedef T V __attribute__((vector_size(bytes)));                             \
    V sum[chains] = {}, x = V{} + T(0.5), y = V{} + T(0.25);                     \
    for (std::int64_t i = 0; i < turns; ++i) {                                   \
      _Pragma("GCC unroll 12") for (V & s : sum) s = s * x + y;                  \
      _Pragma("GCC unroll 12") for (V & s : sum) __asm__ volatile("" : "+v"(s)); \
    }                                                                            \
  }

#if defined(__x86_64__)
XGRAD_REGISTER_LOOP(avx2_f32, float, 32, "avx2,fma")
XGRAD_REGISTER_LOOP(avx2_f64, double, 32, "avx2,fma")
XGRAD_REGISTER_LOOP(avx512_f32, float, 64, "avx512f")
XGRAD_REGISTER_LOOP(avx512_f64, double, 64, "avx512f")
#else
XGRAD_REGISTER_LOOP(plain_f32, float, 16, "")
XGRAD_REGISTER_LOOP(plain_f64, double, 16, "")
#endif

}  // namespace

RegisterLoop register_loop(xgrad::DType dtype) {
  const bool single = dtype == xgrad::float32;
#if defined(__x86_64__)
  const bool wide = xgrad::build_info().products == "AVX-512";
  const auto run = single ? (wide ? avx512_f32 : avx2_f32) : (wide ? avx512_f64 : avx2_f64);
  const int bytes = wide ? 64 : 32;
#else
  const auto run = single ? plain_f32 : plain_f64;
  const int bytes = 16;
#endif
  return {run, 2 * chains * bytes / (single ? 4 : 8)};
}

}  // namespace bench
