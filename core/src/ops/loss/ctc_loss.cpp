#include "ops/loss/ctc_loss.hpp"

#include <cmath>
#include <limits>

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/loss/loss.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

[[noreturn]] void reject(const std::string& what) { fail("ctc_loss", what); }

}  // namespace

Alignment detail::alignment_of(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                               const Tensor& target_lengths, std::int64_t blank) {
  const auto lengths = [&] {
    return ": log_probs is " + log_probs.describe() + ", targets is " + targets.describe() +
           ", input_lengths is " + input_lengths.describe() + ", target_lengths is " +
           target_lengths.describe();
  };
  check_floating("ctc_loss", log_probs);
  for (const Tensor* t : {&targets, &input_lengths, &target_lengths})
    if (t->dtype("ctc_loss") != int64) reject("targets and lengths must be int64" + lengths());
  if (log_probs.dim() < 2 || log_probs.dim() > 3)
    reject("log_probs needs the axes [steps, batch, classes] or [steps, classes]" + lengths());
  Alignment a{log_probs.size(0), log_probs.dim() == 3 ? log_probs.size(1) : 1, log_probs.size(-1), {}};
  if (blank < 0 || blank >= a.classes)
    reject("blank " + std::to_string(blank) + " must be one of the " + std::to_string(a.classes) +
           " classes" + lengths());
  if (input_lengths.numel() != a.batch || target_lengths.numel() != a.batch)
    reject("there must be one length for each of the batch" + lengths());
  const auto inputs = input_lengths.to_vector<std::int64_t>(),
             counts = target_lengths.to_vector<std::int64_t>();
  const auto labels = targets.to_vector<std::int64_t>();
  const bool padded = targets.dim() == 2;
  std::size_t at = 0;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    const auto which = [&] { return " of sequence " + std::to_string(n) + " is "; };
    if (inputs[n] < 0 || inputs[n] > a.steps)
      reject("the input length" + which() + std::to_string(inputs[n]) + ", but there are " +
             std::to_string(a.steps) + " steps" + lengths() + "; lengths must be 0 to " +
             std::to_string(a.steps));
    if (padded) at = n * static_cast<std::size_t>(targets.size(1));
    const std::size_t room = padded ? static_cast<std::size_t>(targets.size(1)) : labels.size() - at;
    if (counts[n] < 0 || static_cast<std::size_t>(counts[n]) > room)
      reject("the target length" + which() + std::to_string(counts[n]) + ", but there are " +
             std::to_string(room) + " labels for it" + lengths() + "; its length must be 0 to " +
             std::to_string(room));
    Sequence s{inputs[n], {blank}};
    for (std::int64_t i = 0; i < counts[n]; ++i) {
      const std::int64_t label = labels[at++];
      if (label < 0 || label >= a.classes || label == blank)
        reject("label " + std::to_string(i) + which() + std::to_string(label) + ", which is not one of the " +
               std::to_string(a.classes) + " classes other than blank " + std::to_string(blank) + lengths() +
               "; labels must be 0 to " + std::to_string(a.classes - 1));
      s.states.push_back(label);
      s.states.push_back(blank);
    }
    a.sequences.push_back(std::move(s));
  }
  return a;
}

namespace {

constexpr double minus_inf = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == minus_inf ? a : a + std::log1p(std::exp(b - a));
}

constexpr Kernel ctc_loss_kernel = {.name = "ctc_loss"}, ctc_loss_vjp_kernel = {.name = "ctc_loss_vjp"};

// The kernel ------------------------------------------------------------------------------------------------

/// Log-probabilities of all alignments up to each step that end in each state; the loss is minus the
/// logarithm of what the last two states of the last step have together.
template <class T>
class Forward {
 public:
  Forward(const T* log_probs, std::int64_t stride, const Sequence& s)
      : s_(s),
        x_(log_probs),
        stride_(stride),
        alpha_(static_cast<std::size_t>(s.steps + 1) * states(), minus_inf) {
    alpha_[0] = 0;  // before the first step: in the first blank, from where one or two states on is allowed
    for (std::int64_t t = 0; t < s.steps; ++t)
      for (std::size_t i = 0; i < states(); ++i) at(t + 1, i) = into(t, i) + emit(t, i);
  }

  double loss() const {
    const std::size_t last = states() - 1;
    if (s_.steps == 0) return last == 0 ? 0 : -minus_inf;
    const double end = get(s_.steps, last);
    return -(last == 0 ? end : log_add(end, get(s_.steps, last - 1)));
  }

  /// dx[t, class] -= g times the probability of being in a state of that class at step t.
  void slope(double g, T* dx) const {
    const double total = -loss();
    std::vector<double> beta(states(), minus_inf), before(states());
    beta.back() = 0;
    if (states() > 1) beta[states() - 2] = 0;
    for (std::int64_t t = s_.steps; t-- > 0;) {
      for (std::size_t i = 0; i < states(); ++i) {
        const double occupied = std::exp(get(t + 1, i) + beta[i] - total);
        dx[t * stride_ + s_.states[i]] -= static_cast<T>(g * occupied);
      }
      for (std::size_t i = 0; i < states(); ++i) {
        before[i] = beta[i] + emit(t, i);
        if (i + 1 < states()) before[i] = log_add(before[i], beta[i + 1] + emit(t, i + 1));
        if (i + 2 < states() && s_.skips(i + 2)) before[i] = log_add(before[i], beta[i + 2] + emit(t, i + 2));
      }
      std::swap(beta, before);
    }
  }

 private:
  std::size_t states() const { return s_.states.size(); }
  double emit(std::int64_t t, std::size_t i) const {
    return static_cast<double>(x_[t * stride_ + s_.states[i]]);
  }
  double get(std::int64_t t, std::size_t i) const {
    return alpha_[static_cast<std::size_t>(t) * states() + i];
  }
  double& at(std::int64_t t, std::size_t i) { return alpha_[static_cast<std::size_t>(t) * states() + i]; }
  double into(std::int64_t t, std::size_t i) const {
    double from = get(t, i);
    if (i >= 1) from = log_add(from, get(t, i - 1));
    if (s_.skips(i)) from = log_add(from, get(t, i - 2));
    return from;
  }

  const Sequence& s_;
  const T* x_;
  std::int64_t stride_;
  std::vector<double> alpha_;
};

// The op ----------------------------------------------------------------------------------------------------

Tensor losses_of(const Tensor& x, const Tensor& targets, const Tensor& steps, const Tensor& counts,
                 CtcBlank options) {
  const Alignment a = alignment_of(x, targets, steps, counts, options.blank);
  Tensor y = new_tensor(x.dim() == 3 ? Shape{a.batch} : Shape{}, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(ctc_loss_kernel, {.bytes = x.numel() * bytes_of<T>}, a.batch, 1,
           [&](std::int64_t n, std::int64_t) {
             const Forward<T> forward(ptr<const T>(x) + n * a.classes, a.batch * a.classes,
                                      a.sequences[static_cast<std::size_t>(n)]);
             const double loss = forward.loss();
             ptr<T>(y)[n] = static_cast<T>(std::isinf(loss) && options.zero_infinity ? 0 : loss);
           });
  });
  return y;
}

Tensor slopes_of(const Tensor& g, const Tensor& x, const Tensor& targets, const Tensor& steps,
                 const Tensor& counts, CtcBlank options) {
  const Alignment a = alignment_of(x, targets, steps, counts, options.blank);
  Tensor dx = zeros_of(x.shape(), x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(ctc_loss_vjp_kernel, {.bytes = 2 * x.numel() * bytes_of<T>}, a.batch, 1,
           [&](std::int64_t n, std::int64_t) {
             const double u = static_cast<double>(ptr<const T>(g)[n]);
             const Forward<T> forward(ptr<const T>(x) + n * a.classes, a.batch * a.classes,
                                      a.sequences[static_cast<std::size_t>(n)]);
             if (u == 0 || (std::isinf(forward.loss()) && options.zero_infinity)) return;
             forward.slope(u, ptr<T>(dx) + n * a.classes);
           });
  });
  return dx;
}

/// g times the slope of the losses. Its own gradient is that of the composed form.
Tensor ctc_loss_vjp(const Tensor& g, const Tensor& x, const Tensor& targets, const Tensor& steps,
                    const Tensor& counts, CtcBlank options) {
  static constexpr Op op = {
      .name = "ctc_loss_vjp",
      .joint = {keep::every_x,
                [](std::span<const Tensor> h, Fn f, std::span<Tensor> dx) {
                  std::vector<Tensor> d = ctc_loss_second(h[0], f.x(0), f.x(1), f.x(2), f.x(3), f.x(4),
                                                          {f.attributes<CtcBlank>(), f.wants(0), f.wants(1)});
                  if (f.wants(1)) dx[1] = std::move(d.back());
                  if (f.wants(0)) dx[0] = std::move(d.front());
                }},
      .fields = &fields_of<CtcBlank>,
      .again = [](Call c) {
        return ctc_loss_vjp(c.x(0), c.x(1), c.x(2), c.x(3), c.x(4), c.attributes<CtcBlank>());
      }};
  return record(op, {g, x, targets, steps, counts}, slopes_of(g, x, targets, steps, counts, options),
                options);
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, CtcOptions options) {
  static constexpr std::uint32_t read = keep::x(0) | keep::x(1) | keep::x(2) | keep::x(3);
  static constexpr Op op = {
      .name = "ctc_loss",
      .vjp = {{{read,
                [](Grad g, Fn f) {
                  return ctc_loss_vjp(g, f.x(0), f.x(1), f.x(2), f.x(3), f.attributes<CtcBlank>());
                }}}},
      .fields = &fields_of<CtcBlank>,
      .again = [](Call c) {
        const auto [blank, zero_infinity] = c.attributes<CtcBlank>();
        return ctc_loss(c.x(0), c.x(1), c.x(2), c.x(3), {blank, zero_infinity, Reduction::none});
      }};
  const CtcBlank blank{options.blank, options.zero_infinity};
  const Tensor y = record(op, {log_probs, targets, input_lengths, target_lengths},
                          losses_of(log_probs, targets, input_lengths, target_lengths, blank), blank);
  if (options.reduction != Reduction::mean) return reduced(y, options.reduction);
  return mean(y / reshape(maximum(target_lengths, 1), y.shape()));
}

}  // namespace xgrad
