#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// False with g++ 12 and AVX-512, whose intrinsics leave a register undefined on purpose. Warnings come where
// the code is inlined, so they are off for the rest of each file that includes this.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif
#include <xsimd/xsimd.hpp>

#include "xgrad/simd/functions.hpp"

// The batches of kernels are xsimd's; the functions of simd/ take them like those of `fuse`.

namespace xgrad::simd {

template <class T, class Arch>
struct Kind<xsimd::batch<T, Arch>> {
  using V = xsimd::batch<T, Arch>;
  template <class U>
  using Of = xsimd::batch<U, Arch>;

  /// x y + z, rounded once.
  static V fma(const V& x, const V& y, const V& z) {
#ifdef __AVX512F__  // xsimd 8 has x * y + z there, which only g++ makes one instruction of
    if constexpr (!std::is_base_of_v<xsimd::avx512f, Arch>)
      return xsimd::fma(x, y, z);
    else if constexpr (sizeof(T) == 4)
      return _mm512_fmadd_ps(x, y, z);
    else
      return _mm512_fmadd_pd(x, y, z);
#else
    return xsimd::fma(x, y, z);
#endif
  }
};

}  // namespace xgrad::simd
