#include "ops/activation/activated.hpp"

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "kernels/loops/work.hpp"
#include "ops/support/composed.hpp"
#include "ops/support/simd.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel activation_vjp_kernel = {.name = "activation_vjp"};
constexpr std::int64_t block_rows = 64;  ///< that are summed one after the other

struct ReluSlope {
  template <class V>
  V operator()(const V& g, const V& y) const {
    return xsimd::select(y <= V(0), V(0), g);
  }
};
struct SigmoidSlope {
  template <class V>
  V operator()(const V& g, const V& y) const {
    return g * (y * (V(1) - y));
  }
};
struct TanhSlope {
  template <class V>
  V operator()(const V& g, const V& y) const {
    return g * simd::fma(-y, y, V(1));
  }
};

/// Calls f with the slope of an activation other than `none`.
template <class F>
void visit_slope(Activation activation, F f) {
  if (activation == Activation::relu) return f(ReluSlope());
  if (activation == Activation::sigmoid) return f(SigmoidSlope());
  f(TanhSlope());
}

/// dx = f(g, y) of the rows [first, last), and their sum.
template <class T, class F>
[[gnu::flatten]] void rows_and_sum(std::int64_t first, std::int64_t last, std::int64_t n, const T* g,
                                   const T* y, T* dx, T* sum, F f) {
  using V = xsimd::batch<T>;
  std::fill_n(sum, n, T(0));
  for (std::int64_t at = first * n; at < last * n; at += n)
    for (std::int64_t j = 0; j < n; j += static_cast<std::int64_t>(V::size)) {
      const std::int64_t m = n - j;
      const V v = f(load_part<V>(g + at + j, m, 0), load_part<V>(y + at + j, m, 0));
      store_part(dx + at + j, m, v);
      store_part(sum + j, m, load_part<V>(sum + j, m, 0) + v);
    }
}

struct Attributes {
  Activation activation;
  bool with_row_sum;
  void fields(auto&& field) const {
    field("activation", std::string(name_of(activation))), field("with_row_sum", with_row_sum);
  }
};

/// The gradient from other ops, for second derivatives: of g and y.
std::vector<Tensor> composed_gradient(const std::vector<Tensor>& x, Fn f) {
  const Tensor &g = x[0], &y = x[1];
  const auto a = f.attributes<Attributes>();
  const Tensor dx = a.activation == Activation::relu
                        ? where(le(y, 0), zeros_like(g), g)
                        : g * (a.activation == Activation::sigmoid ? y * (1 - y) : 1 - square(y));
  if (!a.with_row_sum) return {dx};
  return {dx, sum(dx, 0)};
}

}  // namespace

const char* name_of(Activation activation) {
  constexpr const char* names[] = {"none", "relu", "sigmoid", "tanh"};
  return names[static_cast<std::size_t>(activation)];
}

void activate(Activation activation, const Tensor& y) {
  if (activation == Activation::none) return;
  visit_floating(y.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    T* p = ptr<T>(y);
    if (activation == Activation::relu)
      simd_loop<T>(
          y.numel(), true, p, [](auto v) { return xsimd::max(decltype(v)(0), v); }, p);
    else if (activation == Activation::sigmoid)
      simd_loop<T>(
          y.numel(), true, p, [](auto v) { return simd::sigmoid(v); }, p);
    else
      simd_loop<T>(
          y.numel(), true, p, [](auto v) { return simd::tanh(v); }, p);
  });
}

ActivationGradient activation_gradient(Activation activation, const Tensor& g, const Tensor& y,
                                       bool with_row_sum) {
  static constexpr Op op = {.name = "activation_vjp",
                            .joint = derived<composed_gradient>,
                            .fields = &fields_of<Attributes>,
                            .again_all = [](Call c) {
                              const Attributes& a = c.attributes<Attributes>();
                              const ActivationGradient d =
                                  activation_gradient(a.activation, c.x(0), c.x(1), a.with_row_sum);
                              return a.with_row_sum ? std::vector{d.x, d.row_sum} : std::vector{d.x};
                            }};
  if (activation == Activation::none) return {g, with_row_sum ? sum(g, 0) : Tensor()};
  const std::int64_t rows = y.size(0), n = y.size(1);
  Tensor dx = new_like(y), sums;
  visit_floating(y.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    visit_slope(activation, [&](auto slope) {
      const T *pg = ptr<T>(g), *py = ptr<T>(y);
      if (!with_row_sum) return simd_loop<T>(y.numel(), have_room(g, y), ptr<T>(dx), slope, pg, py);
      const std::int64_t blocks = std::max<std::int64_t>(1, (rows + block_rows - 1) / block_rows);
      sums = blocks == 1 ? new_tensor({n}, y.dtype()) : new_tensor({blocks, n}, y.dtype());
      const auto block = [=, to = ptr<T>(dx), to_sums = ptr<T>(sums)](std::int64_t k, std::int64_t) {
        rows_and_sum<T>(k * block_rows, std::min(rows, (k + 1) * block_rows), n, pg, py, to, to_sums + k * n,
                        slope);
      };
      if (runs_unheard(rows * n)) [[likely]]
        for (std::int64_t k = 0; k < blocks; ++k) block(k, k + 1);
      else
        launch(activation_vjp_kernel, {.bytes = 3 * rows * n * bytes_of<T>}, blocks, 1, block);
    });
  });
  if (sums.defined() && sums.dim() == 2) {
    const Unheard within;
    sums = sum(sums, 0);
  }
  std::array<Tensor, 2> all = {std::move(dx), std::move(sums)};
  record_outputs(op, std::initializer_list<Ref>{g, y}, std::span(all).first(with_row_sum ? 2 : 1),
                 Attributes{activation, with_row_sum});
  return {std::move(all[0]), std::move(all[1])};
}

}  // namespace xgrad::detail
