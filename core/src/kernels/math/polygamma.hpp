#pragma once

namespace xgrad::detail {

/// The n-th derivative of digamma at x <= 0, from that at 1 - x; poles as PyTorch has them.
double polygamma_left(int n, double x, double right);

}  // namespace xgrad::detail
