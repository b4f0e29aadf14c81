#pragma once

namespace xgrad::detail {

/// The n-th derivative of digamma; poles as PyTorch has them.
double polygamma_at(int n, double x);
/// The spherical Bessel function j_n(pi x).
double bessel_at(int n, double x);

}  // namespace xgrad::detail
