#include "xgrad/data/sample_logits.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::data {

namespace {

void check_sampling(const Tensor& logits, const LogitSampling& how) {
  if (!is_floating(logits.dtype()) || logits.dim() < 1 || logits.dim() > 2 || logits.shape().back() == 0)
    throw Error("sample_logits: floating logits [classes] or [rows, classes] are expected: they are " +
                logits.describe());
  const std::int64_t classes = logits.shape().back();
  if (!(how.temperature >= 0 && std::isfinite(how.temperature)))
    throw Error("sample_logits: the temperature must not be negative: it is " +
                std::to_string(how.temperature));
  if (how.top_k < 0 || how.top_k > classes)
    throw Error("sample_logits: top_k must lie in 0 to the " + std::to_string(classes) + " classes: it is " +
                std::to_string(how.top_k));
  if (!(how.top_p > 0 && how.top_p <= 1))
    throw Error("sample_logits: top_p must lie in (0, 1]: it is " + std::to_string(how.top_p));
}

/// The probabilities of one row, in the place of its logits.
void to_probabilities(std::span<double> row, const LogitSampling& how) {
  for (const double logit : row)
    if (std::isnan(logit) || logit == HUGE_VAL)
      throw Error("sample_logits: logits must be numbers or -inf: there is " + std::to_string(logit));
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return row[i] > row[j]; });
  const double largest = row[order[0]];
  if (largest == -HUGE_VAL)
    throw Error("sample_logits: one class at least must be possible: all logits are -inf");
  std::size_t kept = how.temperature == 0 ? 1
                     : how.top_k > 0      ? static_cast<std::size_t>(how.top_k)
                                          : row.size();

  std::vector<double> p(row.size());
  double all = 0;
  for (std::size_t k = 0; k < kept; ++k)
    all += p[order[k]] = kept == 1 ? 1 : std::exp((row[order[k]] - largest) / how.temperature);
  double sum = 0;
  std::size_t nucleus = 0;
  while (nucleus < kept && (nucleus == 0 || sum < how.top_p * all)) sum += p[order[nucleus++]];
  std::fill(row.begin(), row.end(), 0);
  for (std::size_t k = 0; k < nucleus; ++k) row[order[k]] = p[order[k]] / sum;
}

}  // namespace

Tensor sampling_probabilities(const Tensor& logits, LogitSampling how) {
  check_sampling(logits, how);
  const NoGrad guard;
  const auto classes = static_cast<std::size_t>(logits.shape().back());
  std::vector<double> p = logits.to_vector<double>();
  for (std::size_t at = 0; at < p.size(); at += classes)
    to_probabilities(std::span(p).subspan(at, classes), how);
  return tensor(p, logits.shape(), logits.dtype());
}

Tensor sample_logits(const Tensor& logits, LogitSampling how, Generator generator) {
  const Tensor drawn = multinomial(sampling_probabilities(logits, how), 1, true, std::move(generator));
  return logits.dim() == 1 ? drawn.reshape({}) : drawn.reshape({logits.shape()[0]});
}

}  // namespace xgrad::data
