#pragma once

#include "kernels/loops/lines.hpp"

// What the cells of recurrent networks do to each element of their gates, forward and back, for rows that lie
// behind each other. Gates are replaced by their values, from which their slopes come.

namespace xgrad::detail {

/// A step of some rows.
template <class T>
struct CellRows {
  std::int64_t rows;
  T *gates, *memory, *h;  ///< memory: c of an LSTM; what a GRU's third gate has from h
  const T *h_before, *memory_before;
};

/// The same and its gradients. dh comes as that of h by later steps and goes as that of h_before, as far as
/// no product is needed for it; so does dc.
template <class T>
struct CellSlopes {
  std::int64_t rows;
  const T *gates, *memory, *h, *h_before, *memory_before;
  const T* dy;  ///< the cotangent of h as an output, null where it is 0
  T *d_gates, *d_memory, *dh, *dc;

  template <class L>
  auto dh_at(const L& along, std::int64_t row, std::int64_t i) const {
    const auto later = along.load(dh + row * along.n, i);
    return dy ? later + along.load(dy + row * along.n, i) : later;
  }
};

/// h = s(o) tanh(c), c = s(f) c_before + s(i) tanh(g), s the sigmoid.
struct LstmCell {
  static constexpr std::int64_t gates = 4;  ///< in a row
  static constexpr std::int64_t added = 4;  ///< of them, to which the product with h is added before the cell

  template <class T, class L>
  [[gnu::flatten]] static void forward(const L& along, const CellRows<T>& r) {
    using V = xsimd::batch<T>;
    const std::int64_t n = along.n;
    for (std::int64_t row = 0; row < r.rows; ++row) {
      T* z = r.gates + row * gates * n;
      for (std::int64_t j = 0; j < along.steps(); ++j) {
        const V i = simd::sigmoid(along.load(z, j)), f = simd::sigmoid(along.load(z + n, j)),
                g = simd::tanh(along.load(z + 2 * n, j)), o = simd::sigmoid(along.load(z + 3 * n, j));
        along.store(z, j, i), along.store(z + n, j, f);
        along.store(z + 2 * n, j, g), along.store(z + 3 * n, j, o);
        const V c = simd::fma(i, g, f * along.load(r.memory_before + row * n, j));
        along.store(r.memory + row * n, j, c);
        along.store(r.h + row * n, j, o * simd::tanh(c));
      }
    }
  }

  template <class T, class L>
  [[gnu::flatten]] static void backward(const L& along, const CellSlopes<T>& r) {
    using V = xsimd::batch<T>;
    const std::int64_t n = along.n;
    for (std::int64_t row = 0; row < r.rows; ++row) {
      const T* z = r.gates + row * gates * n;
      T* d = r.d_gates + row * gates * n;
      for (std::int64_t j = 0; j < along.steps(); ++j) {
        const V i = along.load(z, j), f = along.load(z + n, j), g = along.load(z + 2 * n, j),
                o = along.load(z + 3 * n, j), seen = simd::tanh(along.load(r.memory + row * n, j));
        const V dh = r.dh_at(along, row, j);
        const V dc = simd::fma(dh * o, simd::fma(-seen, seen, V(1)), along.load(r.dc + row * n, j));
        along.store(d, j, dc * g * (i * (V(1) - i)));
        along.store(d + n, j, dc * along.load(r.memory_before + row * n, j) * (f * (V(1) - f)));
        along.store(d + 2 * n, j, dc * i * simd::fma(-g, g, V(1)));
        along.store(d + 3 * n, j, dh * seen * (o * (V(1) - o)));
        along.store(r.dc + row * n, j, dc * f);
      }
    }
  }
};

/// h = (1 - z) n + z h_before, n = tanh(x_n + r h_n), with r and z sigmoids.
struct GruCell {
  static constexpr std::int64_t gates = 3;
  static constexpr std::int64_t added = 2;

  template <class T, class L>
  [[gnu::flatten]] static void forward(const L& along, const CellRows<T>& rows) {
    using V = xsimd::batch<T>;
    const std::int64_t n = along.n;
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      T* gate = rows.gates + row * gates * n;
      for (std::int64_t j = 0; j < along.steps(); ++j) {
        const V r = simd::sigmoid(along.load(gate, j)), z = simd::sigmoid(along.load(gate + n, j));
        const V fresh =
            simd::tanh(simd::fma(r, along.load(rows.memory + row * n, j), along.load(gate + 2 * n, j)));
        along.store(gate, j, r), along.store(gate + n, j, z), along.store(gate + 2 * n, j, fresh);
        along.store(rows.h + row * n, j, simd::fma(z, along.load(rows.h_before + row * n, j) - fresh, fresh));
      }
    }
  }

  template <class T, class L>
  [[gnu::flatten]] static void backward(const L& along, const CellSlopes<T>& rows) {
    using V = xsimd::batch<T>;
    const std::int64_t n = along.n;
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      const T* gate = rows.gates + row * gates * n;
      T* d = rows.d_gates + row * gates * n;
      for (std::int64_t j = 0; j < along.steps(); ++j) {
        const V r = along.load(gate, j), z = along.load(gate + n, j), fresh = along.load(gate + 2 * n, j);
        const V dh = rows.dh_at(along, row, j), old = along.load(rows.h_before + row * n, j);
        const V dn = dh * (V(1) - z) * simd::fma(-fresh, fresh, V(1));
        along.store(d, j, dn * along.load(rows.memory + row * n, j) * (r * (V(1) - r)));
        along.store(d + n, j, dh * (old - fresh) * (z * (V(1) - z)));
        along.store(d + 2 * n, j, dn);
        along.store(rows.d_memory + row * n, j, dn * r);
        along.store(rows.dh + row * n, j, dh * z);
      }
    }
  }
};

struct Same {
  template <class V>
  static V value(const V& x) {
    return x;
  }
  template <class V>
  static V slope(const V&) {
    return V(1);
  }
};
struct Rectified {
  template <class V>
  static V value(const V& x) {
    return xsimd::max(V(0), x);
  }
  template <class V>
  static V slope(const V& y) {
    return xsimd::select(y <= V(0), V(0), V(1));
  }
};
struct Sigmoid {
  template <class V>
  static V value(const V& x) {
    return simd::sigmoid(x);
  }
  template <class V>
  static V slope(const V& y) {
    return y * (V(1) - y);
  }
};
struct Tanh {
  template <class V>
  static V value(const V& x) {
    return simd::tanh(x);
  }
  template <class V>
  static V slope(const V& y) {
    return simd::fma(-y, y, V(1));
  }
};

/// h = F(its one gate), which lies where h does.
template <class F>
struct RnnCell {
  static constexpr std::int64_t gates = 1;
  static constexpr std::int64_t added = 1;

  template <class T, class L>
  [[gnu::flatten]] static void forward(const L& along, const CellRows<T>& r) {
    for (std::int64_t row = 0; row < r.rows; ++row)
      for (std::int64_t j = 0; j < along.steps(); ++j) {
        T* h = r.h + row * along.n;
        along.store(h, j, F::value(along.load(h, j)));
      }
  }

  template <class T, class L>
  [[gnu::flatten]] static void backward(const L& along, const CellSlopes<T>& r) {
    for (std::int64_t row = 0; row < r.rows; ++row)
      for (std::int64_t j = 0; j < along.steps(); ++j)
        along.store(r.d_gates + row * along.n, j,
                    r.dh_at(along, row, j) * F::slope(along.load(r.h + row * along.n, j)));
  }
};

}  // namespace xgrad::detail
