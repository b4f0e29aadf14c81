#pragma once

#include <string>

#include "ops/support/promote.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/ops/loss.hpp"

// What losses share.

namespace xgrad::detail {

/// A prediction and its target in one floating dtype. Throws Error when their shapes differ: a target of
/// shape [n] against a prediction of shape [n, 1] would broadcast to n^2 losses.
std::pair<Tensor, Tensor> loss_operands(const char* op, const Tensor& input, const Tensor& target);

/// Losses of elements, times a weight that broadcasts to them if there is one.
Tensor weighted(const char* op, const Tensor& losses, const Tensor& weight);

/// Losses of elements, reduced by ops.
Tensor reduced(const Tensor& losses, Reduction reduction);

/// What a reduction divides the sum of the losses of x by.
inline std::int64_t count_of(Reduction reduction, const Tensor& x) {
  if (reduction == Reduction::mean) return x.numel();
  return reduction == Reduction::batchmean && x.dim() > 0 ? x.size(0) : 1;
}
inline double scale_of(Reduction reduction, const Tensor& x) {
  return 1.0 / static_cast<double>(count_of(reduction, x));
}

std::string text_of(Reduction reduction);

/// What a loss was asked for, and what its rules multiply by.
struct LossReduced {
  double scale = 1;
  Reduction reduction = Reduction::mean;
  void fields(auto&& field) const { field("reduction", text_of(reduction)); }
};
inline LossReduced reduced_by(Reduction reduction, const Tensor& x) {
  return {scale_of(reduction, x), reduction};
}

/// The attributes of a loss's vjp.
struct Scale {
  double scale = 1;
  void fields(auto&& field) const { field("scale", scale); }
};

inline constexpr Kernel loss_kernel = {.name = "loss"}, loss_sum_kernel = {.name = "loss_sum"};

/// f of corresponding elements, reduced in the same pass.
template <class F>
Tensor loss_value(Reduction reduction, F f, const Tensor& a, const Tensor& b) {
  if (reduction == Reduction::none) return zip_simd(f, a, b);
  Tensor y = new_tensor({}, a.dtype());
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(loss_kernel, {.bytes = 2 * a.numel() * bytes_of<T>},
           [f, n = a.numel(), to = ptr<T>(y), pa = ptr<const T>(a), pb = ptr<const T>(b),
            count = static_cast<T>(count_of(reduction, a))] { *to = simd_sum<T>(n, f, pa, pb) / count; });
  });
  return y;
}

inline constexpr Kernel loss_slope_kernel = {.name = "loss_slope"};

/// y = scale g f(a, b) where g is one number, which is read where the kernel runs.
template <class T, class F>
void loss_slope_of_one(std::int64_t n, bool have_room, T* y, const T* g, T scale, F f, const T* a,
                       const T* b) {
  using V = xsimd::batch<T>;
  if (longest_unheard == 0) [[unlikely]]
    return launch(loss_slope_kernel, {.bytes = n * bytes_of<T, T, T>},
                  [=] { loss_slope_of_one(n, have_room, y, g, scale, f, a, b); });
  simd_loop(
      n, have_room, y, [f, w = V(scale) * V(*g)](const V& u, const V& v) { return simd::mul0(w, f(u, v)); },
      a, b);
}

/// scale g f(a, b) in one pass, where g has the shape of a or is one number.
template <class F>
Tensor loss_slope(const Tensor& g, double scale, F f, const Tensor& a, const Tensor& b) {
  Tensor y = new_like(a);
  visit_floating(a.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    using V = xsimd::batch<T>;
    const V s(static_cast<T>(scale));
    if (g.shape() == a.shape())
      simd_loop(
          a.numel(), have_room(g, a, b), ptr<T>(y),
          [f, s](const V& w, const V& u, const V& v) { return simd::mul0(s * w, f(u, v)); }, ptr<const T>(g),
          ptr<const T>(a), ptr<const T>(b));
    else
      loss_slope_of_one(a.numel(), have_room(a, b), ptr<T>(y), ptr<const T>(g), static_cast<T>(scale), f,
                        ptr<const T>(a), ptr<const T>(b));
  });
  return y;
}

}  // namespace xgrad::detail
