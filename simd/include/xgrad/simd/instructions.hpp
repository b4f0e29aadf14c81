#pragma once

#include <cstddef>
#include <cstdint>

// The instructions of each machine that g++ and clang do not find by themselves.

namespace xgrad::simd {

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

/// The instructions that a file is compiled for. They are part of the types, so that files of one program may
/// differ.
constexpr unsigned machine = register_bytes
#if defined(__SSE4_1__)
                             + 1
#endif
#if defined(__AVX2__)
                             + 2
#endif
#if defined(__FMA__)
                             + 4
#endif
#if defined(__AVX512VL__)
                             + 8
#endif
    ;

/// A register of T.
template <class T>
struct Register {
  using Lanes [[gnu::vector_size(register_bytes)]] = T;
};

/// Of two numbers the larger or smaller, the second where either is nan; the square root; x y + z, rounded
/// once where there is an instruction; whether any bit of whole numbers is set.
template <unsigned on>
struct Instructions {
  using F = Register<float>::Lanes;
  using D = Register<double>::Lanes;
  using I = Register<int>::Lanes;
  using L = Register<long long>::Lanes;

#if defined(__AVX512F__) && defined(__clang__)
  static F fma(F x, F y, F z) { return __builtin_ia32_vfmaddps512_mask(x, y, z, 0xffff, 4); }
  static D fma(D x, D y, D z) { return __builtin_ia32_vfmaddpd512_mask(x, y, z, 0xff, 4); }
  static F max(F x, F y) { return __builtin_ia32_maxps512(x, y, 4); }
  static D max(D x, D y) { return __builtin_ia32_maxpd512(x, y, 4); }
  static F min(F x, F y) { return __builtin_ia32_minps512(x, y, 4); }
  static D min(D x, D y) { return __builtin_ia32_minpd512(x, y, 4); }
  static F sqrt(F x) { return __builtin_ia32_sqrtps512(x, 4); }
  static D sqrt(D x) { return __builtin_ia32_sqrtpd512(x, 4); }
  static bool any(I x) {
    const auto half =
        __builtin_shufflevector(L(x), L(x), 0, 1, 2, 3) | __builtin_shufflevector(L(x), L(x), 4, 5, 6, 7);
    return !__builtin_ia32_ptestz256(half, half);
  }
#elif defined(__AVX512F__)
  static F fma(F x, F y, F z) { return __builtin_ia32_vfmaddps512_mask(x, y, z, -1, 4); }
  static D fma(D x, D y, D z) { return __builtin_ia32_vfmaddpd512_mask(x, y, z, -1, 4); }
  static F max(F x, F y) { return __builtin_ia32_maxps512_mask(x, y, x, -1, 4); }
  static D max(D x, D y) { return __builtin_ia32_maxpd512_mask(x, y, x, -1, 4); }
  static F min(F x, F y) { return __builtin_ia32_minps512_mask(x, y, x, -1, 4); }
  static D min(D x, D y) { return __builtin_ia32_minpd512_mask(x, y, x, -1, 4); }
  static F sqrt(F x) { return __builtin_ia32_sqrtps512_mask(x, x, -1, 4); }
  static D sqrt(D x) { return __builtin_ia32_sqrtpd512_mask(x, x, -1, 4); }
  static bool any(I x) { return __builtin_ia32_ptestmd512(x, x, -1) != 0; }
#elif defined(__AVX__)
  static F max(F x, F y) { return __builtin_ia32_maxps256(x, y); }
  static D max(D x, D y) { return __builtin_ia32_maxpd256(x, y); }
  static F min(F x, F y) { return __builtin_ia32_minps256(x, y); }
  static D min(D x, D y) { return __builtin_ia32_minpd256(x, y); }
  static F sqrt(F x) { return __builtin_ia32_sqrtps256(x); }
  static D sqrt(D x) { return __builtin_ia32_sqrtpd256(x); }
  static bool any(I x) { return !__builtin_ia32_ptestz256(L(x), L(x)); }
#else
  template <class X>
  static X max(X x, X y) {
    return x > y ? x : y;
  }
  template <class X>
  static X min(X x, X y) {
    return x < y ? x : y;
  }
#if defined(__SSE2__)
  static F sqrt(F x) { return __builtin_ia32_sqrtps(x); }
  static D sqrt(D x) { return __builtin_ia32_sqrtpd(x); }
#else
  static F sqrt(F x) {
    return {__builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]), __builtin_sqrtf(x[2]), __builtin_sqrtf(x[3])};
  }
  static D sqrt(D x) { return {__builtin_sqrt(x[0]), __builtin_sqrt(x[1])}; }
#endif
  static bool any(I x) { return (L(x)[0] | L(x)[1]) != 0; }
#endif

#if defined(__FMA__) && !defined(__AVX512F__)
  static F fma(F x, F y, F z) { return __builtin_ia32_vfmaddps256(x, y, z); }
  static D fma(D x, D y, D z) { return __builtin_ia32_vfmaddpd256(x, y, z); }
#elif !defined(__AVX512F__)
  template <class X>
  static X fma(X x, X y, X z) {
    return x * y + z;
  }
#endif
};

}  // namespace xgrad::simd
