#include "kernels/blas/lapack.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>

#include "kernels/blas/blas.hpp"
#include "kernels/loops/transpose.hpp"
#include "kernels/loops/work.hpp"

namespace {

constexpr xgrad::detail::Kernel getrf_kernel = {.name = "getrf"};
constexpr xgrad::detail::Kernel getri_kernel = {.name = "getri"};
constexpr xgrad::detail::Kernel getrs_kernel = {.name = "getrs"};
constexpr xgrad::detail::Kernel slogdet_kernel = {.name = "slogdet"};
constexpr xgrad::detail::Kernel potrf_kernel = {.name = "potrf"};
constexpr xgrad::detail::Kernel syevd_kernel = {.name = "syevd"};
constexpr xgrad::detail::Kernel gesdd_kernel = {.name = "gesdd"};
constexpr xgrad::detail::Kernel qr_kernel = {.name = "qr"};

using Int = const int*;    // Fortran takes everything by address,
using Flag = const char*;  // and the lengths of strings behind all else
using Length = std::size_t;

template <class T>
using Getrf = void(Int m, Int n, T* a, Int lda, int* pivots, int* info);
template <class T>
using Getri = void(Int n, T* a, Int lda, Int pivots, T* work, Int size, int* info);
template <class T>
using Getrs = void(Flag trans, Int n, Int k, const T* a, Int lda, Int pivots, T* b, Int ldb, int* info,
                   Length);
template <class T>
using Potrf = void(Flag uplo, Int n, T* a, Int lda, int* info, Length);
template <class T>
using Syevd = void(Flag job, Flag uplo, Int n, T* a, Int lda, T* w, T* work, Int size, int* iwork, Int isize,
                   int* info, Length, Length);
template <class T>
using Gesdd = void(Flag job, Int m, Int n, T* a, Int lda, T* s, T* u, Int ldu, T* vh, Int ldvh, T* work,
                   Int size, int* iwork, int* info, Length);
template <class T>
using Gelqf = void(Int m, Int n, T* a, Int lda, T* tau, T* work, Int size, int* info);
template <class T>
using Orglq = void(Int m, Int n, Int k, T* a, Int lda, const T* tau, T* work, Int size, int* info);

}  // namespace

extern "C" {
extern Getrf<float> sgetrf_;
extern Getrf<double> dgetrf_;
extern Getri<float> sgetri_;
extern Getri<double> dgetri_;
extern Getrs<float> sgetrs_;
extern Getrs<double> dgetrs_;
extern Potrf<float> spotrf_;
extern Potrf<double> dpotrf_;
extern Syevd<float> ssyevd_;
extern Syevd<double> dsyevd_;
extern Gesdd<float> sgesdd_;
extern Gesdd<double> dgesdd_;
extern Gelqf<float> sgelqf_;
extern Gelqf<double> dgelqf_;
extern Orglq<float> sorglq_;
extern Orglq<double> dorglq_;
}

namespace xgrad::detail {
namespace {

/// The routine for T of the two that differ in it.
template <class T, class S, class D>
constexpr auto of(S* single, D* twice) {
  if constexpr (std::same_as<T, float>)
    return single;
  else
    return twice;
}

/// The size of a workspace that a routine asked for, as a number of type T.
template <class T>
int asked(T size) {
  return static_cast<int>(std::nextafter(size, static_cast<T>(INFINITY)));
}

template <class T>
void transpose_square(std::int64_t n, T* a) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < i; ++j) std::swap(a[i * n + j], a[j * n + i]);
}

/// to[n x m] = the transpose of from[m x n].
template <class T>
void transpose_into(std::int64_t m, std::int64_t n, const T* from, T* to) {
  transpose_tiles(to, m, from, n, n, m);
}

}  // namespace

template <class T>
int lu_factor(std::int64_t size, T* a, std::vector<int>& pivots) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(getrf_kernel, {.bytes = 2 * size * size * bytes_of<T>, .flops = lu_flops(size)},
                        [&] { return lu_factor(size, a, pivots); });
  const int n = blas_int(size);
  pivots.resize(static_cast<std::size_t>(n));
  if (n == 0) return 0;
  int info = 0;
  const BlasScope scope;
  of<T>(sgetrf_, dgetrf_)(&n, &n, a, &n, pivots.data(), &info);
  return info;
}

// The inverse of the transpose is the transpose of the inverse, so nothing is turned.
template <class T>
void lu_inverse(std::int64_t size, T* lu, const std::vector<int>& pivots) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(getri_kernel, {.bytes = 2 * size * size * bytes_of<T>, .flops = 2 * lu_flops(size)},
                  [&] { lu_inverse(size, lu, pivots); });
  const int n = blas_int(size);
  if (n == 0) return;
  int info = 0, ask = -1;
  T wanted = 0;
  const BlasScope scope;
  of<T>(sgetri_, dgetri_)(&n, lu, &n, pivots.data(), &wanted, &ask, &info);
  const int room = asked(wanted);
  std::vector<T> work(static_cast<std::size_t>(room));
  of<T>(sgetri_, dgetri_)(&n, lu, &n, pivots.data(), work.data(), &room, &info);
}

template <class T>
void lu_solve(std::int64_t size, std::int64_t count, const T* lu, const std::vector<int>& pivots,
              bool transpose, T* b) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(getrs_kernel,
                  {.bytes = size * (size + 2 * count) * bytes_of<T>, .flops = 2 * size * size * count},
                  [&] { lu_solve(size, count, lu, pivots, transpose, b); });
  const int n = blas_int(size), k = blas_int(count);
  if (n == 0 || k == 0) return;
  int info = 0;
  const BlasScope scope;
  of<T>(sgetrs_, dgetrs_)(transpose ? "N" : "T", &n, &k, lu, &n, pivots.data(), b, &n, &info, 1);
}

template <class T>
SignAndLog<T> lu_slogdet(std::int64_t n, const T* lu, const std::vector<int>& pivots) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(slogdet_kernel, {.bytes = n * bytes_of<T, int>},
                        [&] { return lu_slogdet(n, lu, pivots); });
  T sign = 1;
  double log = 0;  // in float64, so that large matrices keep their last places
  for (std::int64_t i = 0; i < n; ++i) {
    const T u = lu[i * n + i];
    if (pivots[static_cast<std::size_t>(i)] != i + 1) sign = -sign;
    sign = u < 0 ? -sign : u == 0 ? T(0) * sign : u != u ? u : sign;
    log += std::log(std::abs(static_cast<double>(u)));
  }
  return {sign + T(0), static_cast<T>(log)};  // no -0
}

template <class T>
int cholesky_factor(std::int64_t size, T* a) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(potrf_kernel, {.bytes = 2 * size * size * bytes_of<T>, .flops = lu_flops(size) / 2},
                        [&] { return cholesky_factor(size, a); });
  const int n = blas_int(size);
  if (n == 0) return 0;
  int info = 0;
  const BlasScope scope;
  of<T>(spotrf_, dpotrf_)("U", &n, a, &n, &info, 1);  // our lower triangle
  for (std::int64_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
  return info;
}

template <class T>
int symmetric_eigen(std::int64_t size, T* a, T* w) {
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(syevd_kernel,
                        {.bytes = (2 * size + 1) * size * bytes_of<T>, .flops = 9 * size * size * size},
                        [&] { return symmetric_eigen(size, a, w); });
  const int n = blas_int(size);
  if (n == 0) return 0;
  int info = 0, ask = -1, wanted_ints = 0;
  T wanted = 0;
  const auto run = [&](T* work, const int& room, int* ints, const int& int_room) {
    of<T>(ssyevd_, dsyevd_)("V", "L", &n, a, &n, w, work, &room, ints, &int_room, &info, 1, 1);
  };
  const BlasScope scope;
  run(&wanted, ask, &wanted_ints, ask);
  std::vector<T> work(static_cast<std::size_t>(asked(wanted)));
  std::vector<int> ints(static_cast<std::size_t>(wanted_ints));
  run(work.data(), asked(wanted), ints.data(), wanted_ints);
  transpose_square(size, a);
  return info;
}

// Turned on the way in and out, so that the signs of the vectors are those of other programs on LAPACK.
template <class T>
int singular_values(std::int64_t rows, std::int64_t columns, bool full, T* a, T* s, T* u, T* vh) {
  const int m = blas_int(rows), n = blas_int(columns), k = std::min(m, n);
  const int p = full ? m : k, q = full ? n : k;
  if (longest_unheard == 0) [[unlikely]]
    return launch_value(gesdd_kernel,
                        {.bytes = (rows * columns + rows * p + q * columns) * bytes_of<T>,
                         .flops = singular_value_flops(rows, columns)},
                        [&] { return singular_values(rows, columns, full, a, s, u, vh); });
  if (k == 0) {  // any basis will do
    for (int i = 0; i < p; ++i) std::fill_n(u + i * p, p, T(0)), u[i * p + i] = 1;
    for (int i = 0; i < q; ++i) std::fill_n(vh + i * q, q, T(0)), vh[i * q + i] = 1;
    return 0;
  }
  const auto of_size = [](std::int64_t i, std::int64_t j) {
    return std::vector<T>(static_cast<std::size_t>(i * j));
  };
  std::vector<T> ta = of_size(n, m), tu = of_size(p, m), tvh = of_size(n, q);
  std::vector<int> ints(static_cast<std::size_t>(8) * static_cast<std::size_t>(k));
  int info = 0, ask = -1;
  T wanted = 0;
  transpose_into(m, n, a, ta.data());
  const auto run = [&](T* work, const int& room) {
    of<T>(sgesdd_, dgesdd_)(full ? "A" : "S", &m, &n, ta.data(), &m, s, tu.data(), &m, tvh.data(), &q, work,
                            &room, ints.data(), &info, 1);
  };
  const BlasScope scope;
  run(&wanted, ask);
  std::vector<T> work(static_cast<std::size_t>(asked(wanted)));
  run(work.data(), asked(wanted));
  transpose_into(p, m, tu.data(), u);
  transpose_into(n, q, tvh.data(), vh);
  return info;
}

// a = q r is a^T = r^T q^T: an LQ factorisation of what LAPACK sees, and nothing is turned.
template <class T>
void qr_factor(std::int64_t rows, std::int64_t columns, bool complete, T* a, T* q, T* r) {
  const int m = blas_int(rows), n = blas_int(columns), k = std::min(m, n), p = complete ? m : k;
  if (longest_unheard == 0) [[unlikely]]
    return launch(
        qr_kernel,
        {.bytes = (rows * columns + (rows + columns) * p) * bytes_of<T>, .flops = qr_flops(rows, columns, p)},
        [&] { qr_factor(rows, columns, complete, a, q, r); });
  std::fill_n(r, std::int64_t{p} * n, T(0));
  if (k == 0) {
    for (int i = 0; i < p; ++i) std::fill_n(q + i * p, p, T(0)), q[i * p + i] = 1;
    return;
  }
  std::vector<T> tau(static_cast<std::size_t>(k));
  int info = 0, ask = -1;
  T wanted = 0, wanted_more = 0;
  const BlasScope scope;
  of<T>(sgelqf_, dgelqf_)(&n, &m, a, &n, tau.data(), &wanted, &ask, &info);
  of<T>(sorglq_, dorglq_)(&p, &m, &k, q, &p, tau.data(), &wanted_more, &ask, &info);
  const int room = std::max(asked(wanted), asked(wanted_more));
  std::vector<T> work(static_cast<std::size_t>(room));

  of<T>(sgelqf_, dgelqf_)(&n, &m, a, &n, tau.data(), work.data(), &room, &info);
  for (std::int64_t j = 0; j < k; ++j) std::copy(a + j * n + j, a + (j + 1) * n, r + j * n + j);
  for (std::int64_t j = 0; j < m; ++j) std::copy_n(a + j * n, std::min(p, n), q + j * p);  // the reflectors
  of<T>(sorglq_, dorglq_)(&p, &m, &k, q, &p, tau.data(), work.data(), &room, &info);
}

std::int64_t qr_flops(std::int64_t m, std::int64_t n, std::int64_t columns_of_q) {
  const std::int64_t k = std::min(m, n), q = columns_of_q;
  const std::int64_t factors = 2 * std::max(m, n) * k * k - 2 * k * k * k / 3;
  return factors + 4 * m * q * k - 2 * (m + q) * k * k + 4 * k * k * k / 3;
}

std::int64_t singular_value_flops(std::int64_t m, std::int64_t n) {
  const std::int64_t k = std::min(m, n);
  return (6 * std::max(m, n) + 20 * k) * k * k;
}

template int lu_factor(std::int64_t, float*, std::vector<int>&);
template int lu_factor(std::int64_t, double*, std::vector<int>&);
template void lu_inverse(std::int64_t, float*, const std::vector<int>&);
template void lu_inverse(std::int64_t, double*, const std::vector<int>&);
template void lu_solve(std::int64_t, std::int64_t, const float*, const std::vector<int>&, bool, float*);
template void lu_solve(std::int64_t, std::int64_t, const double*, const std::vector<int>&, bool, double*);
template SignAndLog<float> lu_slogdet(std::int64_t, const float*, const std::vector<int>&);
template SignAndLog<double> lu_slogdet(std::int64_t, const double*, const std::vector<int>&);
template int cholesky_factor(std::int64_t, float*);
template int cholesky_factor(std::int64_t, double*);
template int symmetric_eigen(std::int64_t, float*, float*);
template int symmetric_eigen(std::int64_t, double*, double*);
template int singular_values(std::int64_t, std::int64_t, bool, float*, float*, float*, float*);
template int singular_values(std::int64_t, std::int64_t, bool, double*, double*, double*, double*);
template void qr_factor(std::int64_t, std::int64_t, bool, float*, float*, float*);
template void qr_factor(std::int64_t, std::int64_t, bool, double*, double*, double*);

}  // namespace xgrad::detail
