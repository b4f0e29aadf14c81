#pragma once

#include <limits>
#include <span>

#include "core/fuzz_program.hpp"

// The ops that random programs are made of. Kinks are left to the verdict of gradcheck; a value that a jump
// (as of floor) or the edge of a domain (as of log) lies near is not given to such an op.

namespace xgrad::fuzz {

using X = std::span<const Tensor>;

/// A call with one % for each operand and @ for a number: an axis of the first operand.
struct Call {
  const char* code;
  Tensor (*run)(X x, int axis);
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool (*away_from_jumps)(X x) = nullptr;  ///< low and high bound the last operand
};

inline bool all_true(const Tensor& x) { return all(x).item<bool>(); }
inline bool away_from_integers(X x) { return all_true(abs(x[0] - round(x[0])) > 0.01); }
inline bool away_from_halves(X x) { return all_true(abs(x[0] - floor(x[0]) - 0.5) > 0.01); }
inline bool away_from_zero(X x) { return all_true(abs(x[0]) > 0.01); }
inline bool divisor_away_from_zero(X x) { return all_true(abs(x[1]) > 0.1); }
inline bool operands_apart(X x) { return all_true(abs(x[0] - x[1]) > 0.01); }
inline bool away_from_multiples(X x) {
  return divisor_away_from_zero(x) && all_true(abs(x[0] / x[1] - round(x[0] / x[1])) > 0.01);
}
inline bool away_from_the_cut(X x) { return all_true(logical_or(abs(x[0]) > 0.01, x[1] > 0.01)); }

/// Of several in the middle one can move alone and change nothing, though each has its share of the gradient.
inline bool without_ties(X x) {
  const Tensor y = sort(x[0].flatten(), 0).values;
  return x[0].numel() < 2 || all_true(y.slice(0, 1) - y.slice(0, 0, -1) > 0.01);
}

inline const std::vector<Call>& unary_calls() {
  static const std::vector<Call> all = {
      {"-%", [](X x, int) { return -x[0]; }},
      {"exp(%)", [](X x, int) { return exp(x[0]); }, -20, 4},
      {"exp2(%)", [](X x, int) { return exp2(x[0]); }, -20, 5},
      {"expm1(%)", [](X x, int) { return expm1(x[0]); }, -20, 4},
      {"log(%)", [](X x, int) { return log(x[0]); }, 0.05},
      {"log1p(%)", [](X x, int) { return log1p(x[0]); }, -0.9},
      {"log2(%)", [](X x, int) { return log2(x[0]); }, 0.05},
      {"log10(%)", [](X x, int) { return log10(x[0]); }, 0.05},
      {"sqrt(%)", [](X x, int) { return sqrt(x[0]); }, 0.05},
      {"rsqrt(%)", [](X x, int) { return rsqrt(x[0]); }, 0.05},
      {"square(%)", [](X x, int) { return square(x[0]); }},
      {"reciprocal(%)", [](X x, int) { return reciprocal(x[0]); }, 0.1},
      {"abs(%)", [](X x, int) { return abs(x[0]); }},
      {"sign(%)", [](X x, int) { return sign(x[0]); }, -100, 100, away_from_zero},
      {"floor(%)", [](X x, int) { return floor(x[0]); }, -100, 100, away_from_integers},
      {"ceil(%)", [](X x, int) { return ceil(x[0]); }, -100, 100, away_from_integers},
      {"trunc(%)", [](X x, int) { return trunc(x[0]); }, -100, 100, away_from_integers},
      {"round(%)", [](X x, int) { return round(x[0]); }, -100, 100, away_from_halves},
      {"nan_to_num(%)", [](X x, int) { return nan_to_num(x[0]); }},
      {"sin(%)", [](X x, int) { return sin(x[0]); }},
      {"cos(%)", [](X x, int) { return cos(x[0]); }},
      {"tan(%)", [](X x, int) { return tan(x[0]); }, -1.3, 1.3},
      {"asin(%)", [](X x, int) { return asin(x[0]); }, -0.9, 0.9},
      {"acos(%)", [](X x, int) { return acos(x[0]); }, -0.9, 0.9},
      {"atan(%)", [](X x, int) { return atan(x[0]); }},
      {"sinh(%)", [](X x, int) { return sinh(x[0]); }, -4, 4},
      {"cosh(%)", [](X x, int) { return cosh(x[0]); }, -4, 4},
      {"tanh(%)", [](X x, int) { return tanh(x[0]); }},
      {"asinh(%)", [](X x, int) { return asinh(x[0]); }},
      {"acosh(%)", [](X x, int) { return acosh(x[0]); }, 1.1},
      {"atanh(%)", [](X x, int) { return atanh(x[0]); }, -0.9, 0.9},
      {"erf(%)", [](X x, int) { return erf(x[0]); }},
      {"erfc(%)", [](X x, int) { return erfc(x[0]); }},
      {"lgamma(%)", [](X x, int) { return lgamma(x[0]); }, 0.2},
      {"digamma(%)", [](X x, int) { return digamma(x[0]); }, 0.2},
      {"polygamma(1, %)", [](X x, int) { return polygamma(1, x[0]); }, 0.2},
      {"sinc(%)", [](X x, int) { return sinc(x[0]); }},
      {"sigmoid(%)", [](X x, int) { return sigmoid(x[0]); }},
      {"logsigmoid(%)", [](X x, int) { return logsigmoid(x[0]); }},
      {"softplus(%, 2.0)", [](X x, int) { return softplus(x[0], 2.0); }, -9, 9},
      {"silu(%)", [](X x, int) { return silu(x[0]); }},
      {"mish(%)", [](X x, int) { return mish(x[0]); }},
      {"gelu(%)", [](X x, int) { return gelu(x[0]); }},
      {"gelu(%, Approximate::tanh)", [](X x, int) { return gelu(x[0], Approximate::tanh); }},
      {"tanhshrink(%)", [](X x, int) { return tanhshrink(x[0]); }},
      {"softsign(%)", [](X x, int) { return softsign(x[0]); }},
      {"relu(%)", [](X x, int) { return relu(x[0]); }},
      {"relu6(%)", [](X x, int) { return relu6(x[0]); }},
      {"leaky_relu(%, 0.1)", [](X x, int) { return leaky_relu(x[0], 0.1); }},
      {"elu(%, 0.7)", [](X x, int) { return elu(x[0], 0.7); }},
      {"selu(%)", [](X x, int) { return selu(x[0]); }},
      {"celu(%, 0.7)", [](X x, int) { return celu(x[0], 0.7); }},
      {"hardtanh(%)", [](X x, int) { return hardtanh(x[0]); }},
      {"hardswish(%)", [](X x, int) { return hardswish(x[0]); }},
      {"softshrink(%)", [](X x, int) { return softshrink(x[0]); }},
      {"clamp(%, -0.5, 1)", [](X x, int) { return clamp(x[0], -0.5, 1); }},
      {"clamp_min(%, 0.1)", [](X x, int) { return clamp_min(x[0], 0.1); }},
      {"clamp_max(%, 0.1)", [](X x, int) { return clamp_max(x[0], 0.1); }},
      {"pow(%, 3)", [](X x, int) { return pow(x[0], 3); }, -4, 4},
      {"pow(%, -1.5)", [](X x, int) { return pow(x[0], -1.5); }, 0.1},
      {"pow(1.5, %)", [](X x, int) { return pow(1.5, x[0]); }, -20, 10},
      {"2 - %", [](X x, int) { return 2 - x[0]; }},
      {"1 / %", [](X x, int) { return 1 / x[0]; }, 0.1},
      {"% / 3", [](X x, int) { return x[0] / 3; }},
      {"%.clone()", [](X x, int) { return x[0].clone(); }},
      {"(% > 0).to(float64)", [](X x, int) { return (x[0] > 0).to(float64); }, -100, 100, away_from_zero},
  };
  return all;
}

/// Operands that broadcast, or have one shape where the call needs it.
inline const std::vector<Call>& broadcast_calls() {
  static const std::vector<Call> all = {
      {"% + %", [](X x, int) { return x[0] + x[1]; }},
      {"% - %", [](X x, int) { return x[0] - x[1]; }},
      {"% * %", [](X x, int) { return x[0] * x[1]; }},
      {"% * %", [](X x, int) { return x[0] * x[1]; }},
      {"% / %", [](X x, int) { return x[0] / x[1]; }, -100, 100, divisor_away_from_zero},
      {"mul0(%, %)", [](X x, int) { return mul0(x[0], x[1]); }, -100, 100, away_from_zero},
      {"pow(sigmoid(%) + 0.2, %)", [](X x, int) { return pow(sigmoid(x[0]) + 0.2, x[1]); }, -4, 4},
      {"maximum(%, %)", [](X x, int) { return maximum(x[0], x[1]); }},
      {"minimum(%, %)", [](X x, int) { return minimum(x[0], x[1]); }},
      {"atan2(%, %)", [](X x, int) { return atan2(x[0], x[1]); }, -100, 100, away_from_the_cut},
      {"hypot(%, %)", [](X x, int) { return hypot(x[0], x[1]); }},
      {"logaddexp(%, %)", [](X x, int) { return logaddexp(x[0], x[1]); }},
      {"xlogy(%, %)", [](X x, int) { return xlogy(x[0], x[1]); }, 0.1},
      {"fmod(%, %)", [](X x, int) { return fmod(x[0], x[1]); }, -100, 100, away_from_multiples},
      {"remainder(%, %)", [](X x, int) { return remainder(x[0], x[1]); }, -100, 100, away_from_multiples},
      {"lerp(%, %, %)", [](X x, int) { return lerp(x[0], x[1], x[2]); }},
      {"addcmul(%, %, %, 0.5)", [](X x, int) { return addcmul(x[0], x[1], x[2], 0.5); }},
      {"addcdiv(%, %, %)", [](X x, int) { return addcdiv(x[0], x[1], x[2]); }, 0.1},
      {"where(% < %, %, 1.5)", [](X x, int) { return where(x[0] < x[1], x[2], 1.5); }, -100, 100,
       operands_apart},
      {"mse_loss(%, %)", [](X x, int) { return mse_loss(x[0], x[1]); }},
      {"l1_loss(%, %)", [](X x, int) { return l1_loss(x[0], x[1]); }},
      {"huber_loss(%, %, {.delta = 0.7})", [](X x, int) { return huber_loss(x[0], x[1], {.delta = 0.7}); }},
      {"smooth_l1_loss(%, %)", [](X x, int) { return smooth_l1_loss(x[0], x[1]); }},
      {"binary_cross_entropy_with_logits(%, %)",
       [](X x, int) { return binary_cross_entropy_with_logits(x[0], x[1]); }},
      {"kl_div(%, %)", [](X x, int) { return kl_div(x[0], x[1]); }, 0.1},
      {"dot(%.flatten(), %.flatten())", [](X x, int) { return dot(x[0].flatten(), x[1].flatten()); }},
      {"stack({%, %, %}, -1)",
       [](X x, int) {
         return stack({x[0], x[1], x[2]}, -1);
       }},
      {"cosine_similarity(% + 3, % + 3, @)",
       [](X x, int axis) { return cosine_similarity(x[0] + 3, x[1] + 3, axis); }, -2, 2},
      {"pairwise_distance(%, %)", [](X x, int) { return pairwise_distance(x[0], x[1]); }},
  };
  return all;
}

}  // namespace xgrad::fuzz
