#pragma once

#include <cstdint>

// The inner loops of products, compiled once for each instruction set. Everything here is in an unnamed
// namespace, and nothing of the standard library is used: a template that the linker shares between files
// would bring one file's instructions into another.

namespace {

using Int = std::int64_t;

inline constexpr int register_bytes = XGRAD_REGISTER_BYTES;     // by the file that is compiled
inline constexpr int tile_rows = register_bytes == 64 ? 8 : 4;  ///< which AVX-512's 32 registers hold
inline constexpr int tile_registers = 3;                        ///< across a tile
inline constexpr int most_depth = 256;                          ///< terms that are added up in a row

template <class T, int bytes>
struct Vectors {
  typedef T InRegister __attribute__((vector_size(bytes)));
  typedef T InMemory __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
};
template <class T>
using Register = typename Vectors<T, register_bytes>::InRegister;
template <class T>
using InMemory = typename Vectors<T, register_bytes>::InMemory;
template <class T>
inline constexpr Int lanes = register_bytes / sizeof(T);
template <class T>
inline constexpr Int tile_columns = tile_registers* lanes<T>;

template <class T>
[[gnu::always_inline]] inline Register<T> load(const T* p) {
  return *reinterpret_cast<const InMemory<T>*>(p);
}
template <class T>
[[gnu::always_inline]] inline void store(T* p, Register<T> v) {
  *reinterpret_cast<InMemory<T>*>(p) = v;
}

/// x y + z in one rounding, said outright: a compiler that splits some of these and not others would give an
/// element other bits in another tile, and g++ does where it tunes for some processors.
#if defined(__AVX512F__) && XGRAD_REGISTER_BYTES == 64
[[gnu::always_inline]] inline Register<float> fma(Register<float> x, Register<float> y, Register<float> z) {
  return __builtin_ia32_vfmaddps512_mask(x, y, z, static_cast<unsigned short>(0xffff), 4);
}
[[gnu::always_inline]] inline Register<double> fma(Register<double> x, Register<double> y,
                                                   Register<double> z) {
  return __builtin_ia32_vfmaddpd512_mask(x, y, z, static_cast<unsigned char>(0xff), 4);
}
#elif defined(__FMA__) && XGRAD_REGISTER_BYTES == 32
[[gnu::always_inline]] inline Register<float> fma(Register<float> x, Register<float> y, Register<float> z) {
  return __builtin_ia32_vfmaddps256(x, y, z);
}
[[gnu::always_inline]] inline Register<double> fma(Register<double> x, Register<double> y,
                                                   Register<double> z) {
  return __builtin_ia32_vfmaddpd256(x, y, z);
}
#else
template <class V>
[[gnu::always_inline]] inline V fma(V x, V y, V z) {
  return x * y + z;
}
#endif

/// What becomes of the sums of a tile: start[i * step + j] is added where there is one, or each[i], then
/// relu.
template <class T>
struct Ending {
  const T* start;
  Int step;
  const T* each;
  bool relu;
};

/// Copies so many bytes and goes on behind them, where n elements have that power of two among them.
template <int bytes, class T>
[[gnu::always_inline]] inline void copy_if(Int n, const T*& from, T*& to) {
  using Part = typename Vectors<T, bytes>::InMemory;
  constexpr Int count = bytes / sizeof(T);
  if ((n & count) == 0) return;
  *reinterpret_cast<Part*>(to) = *reinterpret_cast<const Part*>(from);
  from += count, to += count;
}

/// Copies n elements: whole registers, then by halves.
template <class T>
[[gnu::always_inline]] inline void copy_part(Int n, const T* from, T* to) {
  for (; n >= lanes<T>; n -= lanes<T>, from += lanes<T>, to += lanes<T>) store(to, load(from));
  if constexpr (register_bytes > 32) copy_if<32>(n, from, to);
  if constexpr (register_bytes > 16) copy_if<16>(n, from, to);
  if constexpr (sizeof(T) < 8) copy_if<8>(n, from, to);
  if (n & 1) *to = *from;
}

template <class T>
[[gnu::always_inline]] inline Register<T> rectified(Register<T> x) {
  return x < Register<T>{} ? Register<T>{} : x;
}

/// c[rows x (registers * lanes)] = a b + start over k: a is read at a[i * step_a + p], turned at
/// a[p * step_a + i], and b at b[p * step_b + j].
///
/// All of the tile stays in registers: 24 of 32 with AVX-512, where three loads of b and eight of a serve 24
/// multiply-adds; 12 of 16 with AVX2.
template <class T, int rows, int registers, bool turned>
void tile(Int k, const T* __restrict a, Int step_a, const T* __restrict b, Int step_b, T* c, Int step_c,
          Ending<T> end) {
  Register<T> sum[rows][registers];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < registers; ++v) sum[i][v] = Register<T>{};
  for (Int p = 0; p < k; ++p) {
    Register<T> row[registers];
#pragma GCC unroll 8
    for (int v = 0; v < registers; ++v) row[v] = load(b + v * lanes<T>);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const Register<T> factor = (turned ? a[i] : a[i * step_a]) - Register<T>{};
#pragma GCC unroll 8
      for (int v = 0; v < registers; ++v) sum[i][v] = fma(factor, row[v], sum[i][v]);
    }
    a += turned ? step_a : 1;
    b += step_b;
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < registers; ++v) {
      if (end.start)
        sum[i][v] = load(end.start + i * end.step + v * lanes<T>) + sum[i][v];
      else if (end.each)
        sum[i][v] = (end.each[i] - Register<T>{}) + sum[i][v];
      if (end.relu) sum[i][v] = rectified<T>(sum[i][v]);
      store(c + i * step_c + v * lanes<T>, sum[i][v]);
    }
}

template <class T>
using Tile = void (*)(Int k, const T* a, Int step_a, const T* b, Int step_b, T* c, Int step_c, Ending<T> end);

/// tiles<T, turned>.of[rows - 1][registers - 1].
template <class T, bool turned>
struct Tiles {
  Tile<T> of[tile_rows][tile_registers];
  template <int rows>
  static constexpr void fill(Tiles& t) {
    t.of[rows - 1][0] = tile<T, rows, 1, turned>;
    t.of[rows - 1][1] = tile<T, rows, 2, turned>;
    t.of[rows - 1][2] = tile<T, rows, 3, turned>;
    if constexpr (rows > 1) fill<rows - 1>(t);
  }
  constexpr Tiles() : of{} { fill<tile_rows>(*this); }
};
template <class T, bool turned>
inline constexpr Tiles<T, turned> tiles;

}  // namespace
