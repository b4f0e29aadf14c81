#include "kernels/blas/cofactor.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/blas/blas.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/loops/work.hpp"

namespace xgrad::detail {
namespace {

constexpr std::int64_t most_few = 12;

constexpr Kernel det_kernel = {.name = "det"};
constexpr Kernel cofactors_kernel = {.name = "cofactors"};
constexpr Kernel cofactor_derivative_kernel = {.name = "cofactor_derivative"};

/// a d - b c, to one and a half units in the last place: Kahan's algorithm, after Jeannerod, Louvet and
/// Muller, 2013.
template <class T>
T difference_of_products(T a, T d, T b, T c) {
  const T w = b * c, rest = std::fma(-b, c, w);
  return std::fma(a, d, -w) + (std::isfinite(w) ? rest : T(0));
}

template <class T>
std::vector<T> numbers(std::int64_t n) {
  return std::vector<T>(static_cast<std::size_t>(n));
}

/// a = sign u diag(s) vh with det(u vh) = sign.
template <class T>
struct Svd {
  std::vector<T> u, s, vh;
  T sign = 1;
  bool usable = false;  ///< false for elements that are not finite

  Svd(std::int64_t n, const T* a) {
    std::vector<T> scratch(a, a + n * n);
    if (!std::all_of(scratch.begin(), scratch.end(), [](T x) { return std::isfinite(x); })) return;
    u = numbers<T>(n * n), s = numbers<T>(n), vh = numbers<T>(n * n);
    usable = singular_values(n, n, false, scratch.data(), s.data(), u.data(), vh.data()) == 0;
    std::vector<int> pivots;
    for (const std::vector<T>& basis : {u, vh}) {
      scratch = basis;
      lu_factor(n, scratch.data(), pivots);
      sign *= lu_slogdet(n, scratch.data(), pivots).sign;
    }
  }

  /// The product of all singular values but the i-th and the j-th.
  T product_without(std::int64_t i, std::int64_t j) const {
    Product<T> product(sign);
    for (std::size_t k = 0; k < s.size(); ++k)
      if (k != static_cast<std::size_t>(i) && k != static_cast<std::size_t>(j)) product *= s[k];
    return product.value();
  }
};

/// to = x y z with optional transposition of x and z, all n x n.
template <class T>
void sandwich(std::int64_t n, bool turn, const T* x, const T* y, const T* z, T* to) {
  std::vector<T> between = numbers<T>(n * n);
  gemm(turn, false, n, n, n, x, y, false, between.data());
  gemm(false, turn, n, n, n, between.data(), z, false, to);
}

/// The largest sum of the magnitudes of a row.
template <class T>
double row_norm(std::int64_t n, const T* a) {
  double most = 0;
  for (std::int64_t i = 0; i < n; ++i, a += n) {
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j) sum += std::abs(static_cast<double>(a[j]));
    most = sum <= most ? most : sum;  // nan stays
  }
  return most;
}

/// The inverse in place by Gauss and Jordan's elimination with row pivots, and the determinant: for a few
/// rows a fifth of the time of LAPACK's. False for a pivot of 0.
bool invert_few(std::int64_t n, double* a, double& det) {
  std::int64_t swapped[most_few];
  Product<double> product;
  for (std::int64_t k = 0; k < n; ++k) {
    std::int64_t p = k;
    for (std::int64_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[p * n + k])) p = i;
    const double pivot = a[p * n + k];
    if (!(std::abs(pivot) > 0)) return false;
    swapped[k] = p;
    if (p != k) std::swap_ranges(a + p * n, a + (p + 1) * n, a + k * n);
    product *= p == k ? pivot : -pivot;
    a[k * n + k] = 1;
    for (std::int64_t j = 0; j < n; ++j) a[k * n + j] /= pivot;
    for (std::int64_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = std::exchange(a[i * n + k], 0);
      for (std::int64_t j = 0; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  for (std::int64_t k = n; k-- > 0;)
    if (swapped[k] != k)
      for (std::int64_t i = 0; i < n; ++i) std::swap(a[i * n + k], a[i * n + swapped[k]]);
  det = product.value();
  return true;
}

/// The same by LAPACK.
bool invert(std::int64_t n, double* a, double& det) {
  std::vector<int> pivots;
  if (lu_factor(n, a, pivots) != 0) return false;
  Product<double> product;
  for (std::int64_t i = 0; i < n; ++i) {
    const double pivot = a[i * (n + 1)];
    product *= pivots[static_cast<std::size_t>(i)] == i + 1 ? pivot : -pivot;
  }
  lu_inverse(n, a, pivots);
  det = product.value();
  return true;
}

/// to = det a a^-T by one factorisation in float64, a tenth of the work of singular values. Returns false,
/// and leaves `to`, for a matrix that is too near to a singular one for it.
template <class T>
bool cofactors_by_inverse(std::int64_t n, const T* a, T* to) {
  // What the inverse loses is the rounding of float64 times the condition.
  constexpr double worst_condition = sizeof(T) == 4 ? 0x1p26 : 0x1p18;
  std::vector<double> inverse(a, a + n * n);
  double det = 0;
  const bool inverted = n <= most_few ? invert_few(n, inverse.data(), det) : invert(n, inverse.data(), det);
  if (!inverted || !std::isnormal(det)) return false;
  if (!(row_norm(n, a) * row_norm(n, inverse.data()) <= worst_condition)) return false;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      to[i * n + j] = static_cast<T>(det * inverse[static_cast<std::size_t>(j * n + i)]);
  return true;
}

/// With both factorisations of its bases.
std::int64_t flops_of_svd(std::int64_t n) { return singular_value_flops(n, n) + 2 * lu_flops(n); }

}  // namespace

template <class T>
T small_determinant(std::int64_t n, const T* a) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(det_kernel, {.bytes = n * n * bytes_of<T>}, [=] { return small_determinant(n, a); });
  if (n == 0) return 1;
  if (n == 1) return a[0];
  if (n == 2) return difference_of_products(a[0], a[3], a[1], a[2]);
  const T p = difference_of_products(a[4], a[8], a[5], a[7]);
  const T q = difference_of_products(a[5], a[6], a[3], a[8]);
  const T r = difference_of_products(a[3], a[7], a[4], a[6]);
  return std::fma(a[0], p, std::fma(a[1], q, a[2] * r));
}

template <class T>
void cofactors(std::int64_t n, const T* a, T* to) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(cofactors_kernel, {.bytes = n * n * bytes_of<T, T>, .flops = n <= 3 ? 0 : 3 * lu_flops(n)},
                  [=] { cofactors(n, a, to); });
  if (n == 1) to[0] = 1;
  if (n == 2) to[0] = a[3], to[1] = -a[2], to[2] = -a[1], to[3] = a[0];
  if (n == 3)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j) {
        const int r = (i + 1) % 3 * 3, s = (i + 2) % 3 * 3, p = (j + 1) % 3, q = (j + 2) % 3;
        to[i * 3 + j] = difference_of_products(a[r + p], a[s + q], a[r + q], a[s + p]);
      }
  if (n <= 3 || cofactors_by_inverse(n, a, to)) return;

  Svd<T> svd(n, a);
  if (!svd.usable) return static_cast<void>(std::fill_n(to, n * n, std::numeric_limits<T>::quiet_NaN()));
  for (std::int64_t i = 0; i < n; ++i) {
    const T product = svd.product_without(i, i);
    T* row = svd.vh.data() + i * n;
    std::transform(row, row + n, row, [product](T x) { return product * x; });
  }
  gemm(false, false, n, n, n, svd.u.data(), svd.vh.data(), false, to);
}

template <class T>
void cofactor_derivative(std::int64_t n, const T* a, const T* g, T* to) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(cofactor_derivative_kernel,
                  {.bytes = n * n * bytes_of<T, T, T>, .flops = n <= 2 ? 0 : flops_of_svd(n) + 8 * n * n * n},
                  [=] { cofactor_derivative(n, a, g, to); });
  if (n <= 1) return static_cast<void>(std::fill_n(to, n * n, T(0)));
  if (n == 2) return cofactors(n, g, to);
  const Svd<T> svd(n, a);
  if (!svd.usable) return static_cast<void>(std::fill_n(to, n * n, std::numeric_limits<T>::quiet_NaN()));
  // In the basis of the singular vectors: h_ii = sum of p_ik g_kk over k != i, h_ij = -p_ij g_ji.
  std::vector<T> turned = numbers<T>(n * n), h = numbers<T>(n * n);
  sandwich(n, true, svd.u.data(), g, svd.vh.data(), turned.data());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const T p = svd.product_without(i, j);
      h[static_cast<std::size_t>(i * n + i)] += p * turned[static_cast<std::size_t>(j * n + j)];
      h[static_cast<std::size_t>(i * n + j)] = -p * turned[static_cast<std::size_t>(j * n + i)];
    }
  sandwich(n, false, svd.u.data(), h.data(), svd.vh.data(), to);
}

template float small_determinant(std::int64_t, const float*);
template double small_determinant(std::int64_t, const double*);
template void cofactors(std::int64_t, const float*, float*);
template void cofactors(std::int64_t, const double*, double*);
template void cofactor_derivative(std::int64_t, const float*, const float*, float*);
template void cofactor_derivative(std::int64_t, const double*, const double*, double*);

}  // namespace xgrad::detail
