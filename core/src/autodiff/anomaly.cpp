#include "autodiff/anomaly.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
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

void keep_call_stack(Node* y) { extra_of(y).call_stack = call_stack(); }

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

namespace {

bool is_finite(const Attribute& attribute) {
  const double* number = std::get_if<double>(&attribute.value);
  return !number || std::isfinite(*number);
}

/// Throws when an output is the first that is not finite: when all that the op was given is.
void check_values(const Heard& call) {
  if (call.inputs.empty()) return;  // its elements were given, as those of `full`, or mean nothing yet
  const auto is_finite_tensor = [](const Ref& x) { return first_anomaly(*x.tensor) < 0; };
  for (std::size_t k = 0; k < call.outputs.size(); ++k) {
    const Tensor& y = call.outputs[k];
    const std::int64_t at = first_anomaly(y);
    if (at < 0) continue;
    if (!std::ranges::all_of(call.inputs, is_finite_tensor)) return;
    std::string given;
    const auto add = [&](const std::string& text) { given += (given.empty() ? "" : ", ") + text; };
    for (const Ref& x : call.inputs) add(x.tensor->describe());
    if (call.op.fields)
      for (const Attribute& a : call.op.fields->list(call.attributes.get())) {
        if (!is_finite(a)) return;
        add(to_string(a));
      }
    fail("anomaly", std::string(call.op.name) + " made " + element(y, at) + " of " + y.describe() +
                        (call.outputs.size() > 1 ? ", its output " + std::to_string(k) + "," : "") +
                        " from finite operands: " + given + "; called by\n" +
                        describe_call_stack(call_stack()));
  }
}

}  // namespace
}  // namespace detail

/// Stands at the ops' door. Of several on a thread the innermost one's options count, and it alone looks.
/// They may end in any order.
class AnomalyMode::Ear : public detail::Listener {
 public:
  explicit Ear(AnomalyOptions options)
      : Listener(false), options_(options), outer_(std::exchange(innermost_, this)) {
    watch();
  }
  ~Ear() override {
    Ear** inner = &innermost_;
    while (*inner != this) inner = &(*inner)->outer_;
    *inner = outer_;
    watch();
  }

  void hear(const detail::Heard& call) override {
    if (innermost_ == this && detail::watched.values && !detail::InRules::inside())
      detail::check_values(call);
  }
  void hear_write(const char*, const Tensor&) override {}

 private:
  static inline constinit thread_local Ear* innermost_ = nullptr;

  static void watch() {
    detail::anomaly_mode = innermost_ != nullptr;
    detail::watched = innermost_ ? innermost_->options_ : AnomalyOptions();
  }

  AnomalyOptions options_;
  Ear* outer_;
};

AnomalyMode::AnomalyMode(AnomalyOptions options) : ear_(std::make_unique<Ear>(options)) {}
AnomalyMode::~AnomalyMode() = default;

}  // namespace xgrad
