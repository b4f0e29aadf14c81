#include "autodiff/anomaly.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/loops/dispatch.hpp"
#include "tensor/call_stack.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/anomaly.hpp"

namespace xgrad {
namespace detail {

constinit thread_local bool anomaly_mode = false;

namespace {

constinit thread_local AnomalyOptions watched = {};

/// The place of the first element that is inf or nan; -1 where all are finite.
std::int64_t first_anomaly(const Tensor& x) {
  if (!is_floating(x.dtype())) return -1;
  return visit_floating(x.dtype(), [&](auto t) -> std::int64_t {
    const auto* p = ptr<type_of<decltype(t)>>(x);
    const auto* end = p + x.numel();
    const auto* at = std::find_if(p, end, [](auto v) { return !std::isfinite(v); });
    return at == end ? -1 : at - p;
  });
}

std::string element(const Tensor& x, std::int64_t flat) {
  Shape index = x.shape();
  std::int64_t rest = flat;
  for (int i = index.rank() - 1; i >= 0; --i) {
    index[i] = rest % x.shape()[i];
    rest /= x.shape()[i];
  }
  const double value = x.dtype() == float64 ? ptr<double>(x)[flat] : static_cast<double>(ptr<float>(x)[flat]);
  return std::string(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf") + " at " + index.str();
}

}  // namespace

void watch_recording(Node* y, std::span<const Ref> inputs) {
  extra_of(y).call_stack = call_stack();
  if (!watched.values || !y->buffer) return;
  const Tensor value = Tensor::share(y);
  const std::int64_t at = first_anomaly(value);
  if (at < 0) return;
  std::string operands;
  for (const Ref& x : inputs) {
    if (first_anomaly(*x.tensor) >= 0) return;  // not the first
    operands += (operands.empty() ? "" : ", ") + x.tensor->describe();
  }
  fail("anomaly", std::string(y->op->name) + " made " + element(value, at) + " of " + value.describe() +
                      " from finite operands: " + operands + "; recorded by\n" +
                      describe_call_stack(y->extra->call_stack));
}

void check_gradient(Node* n, int i, const Tensor& g, const Tensor& dx) {
  if (!watched.gradients) return;
  const std::int64_t at = first_anomaly(dx);
  if (at < 0 || (g.defined() && first_anomaly(g) >= 0)) return;
  const std::string recorded = n->extra && !n->extra->call_stack.empty()
                                   ? "; recorded by\n" + describe_call_stack(n->extra->call_stack)
                                   : std::string("; its call was recorded outside AnomalyMode");
  fail("anomaly", std::string("the gradient of input ") + std::to_string(i) + " of " + n->op->name + " has " +
                      element(dx, at) + " of " + dx.describe() + ", from a finite cotangent" + recorded);
}

}  // namespace detail

AnomalyMode::AnomalyMode(AnomalyOptions options)
    : before_(std::exchange(detail::anomaly_mode, true)),
      options_before_(std::exchange(detail::watched, options)) {}

AnomalyMode::~AnomalyMode() {
  detail::anomaly_mode = before_;
  detail::watched = options_before_;
}

}  // namespace xgrad
