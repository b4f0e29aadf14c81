#include <cmath>
#include <limits>

#include "errors.hpp"
#include "kernels/dispatch.hpp"
#include "node.hpp"
#include "ops/loss.hpp"
#include "ops/promote.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/loss.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// Connectionist temporal classification (Graves et al., 2006). An alignment runs through the labels with a
// blank before, between and behind them: state 2 i + 1 is label i, even states are blanks. From one step to
// the next it stays, goes on by one, or by two from a label to another one.

namespace xgrad {

using namespace detail;

namespace {

constexpr double minus_inf = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == minus_inf ? a : a + std::log1p(std::exp(b - a));
}

/// One sequence: its steps, and the class of each state.
struct Sequence {
  std::int64_t steps;
  std::vector<std::int64_t> states;

  /// True where state s can be reached from s - 2.
  bool skips(std::size_t s) const { return s >= 2 && s % 2 == 1 && states[s] != states[s - 2]; }
};

/// The operands, checked: log_probs [steps, batch, classes], and a sequence for each of the batch.
struct Alignment {
  std::int64_t steps, batch, classes;
  std::vector<Sequence> sequences;
};

[[noreturn]] void reject(const std::string& what) { fail("ctc_loss", what); }

Alignment alignment_of(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
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

struct Blank {
  std::int64_t blank;
  bool zero_infinity;
};

Tensor losses_of(const Tensor& x, const Tensor& targets, const Tensor& steps, const Tensor& counts,
                 Blank options) {
  const Alignment a = alignment_of(x, targets, steps, counts, options.blank);
  Tensor y = new_tensor(x.dim() == 3 ? Shape{a.batch} : Shape{}, x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t n = 0; n < a.batch; ++n) {
      const Forward<T> forward(ptr<const T>(x) + n * a.classes, a.batch * a.classes,
                               a.sequences[static_cast<std::size_t>(n)]);
      const double loss = forward.loss();
      ptr<T>(y)[n] = static_cast<T>(std::isinf(loss) && options.zero_infinity ? 0 : loss);
    }
  });
  return y;
}

Tensor slopes_of(const Tensor& g, const Tensor& x, const Tensor& targets, const Tensor& steps,
                 const Tensor& counts, Blank options) {
  const Alignment a = alignment_of(x, targets, steps, counts, options.blank);
  Tensor dx = zeros_of(x.shape(), x.dtype());
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t n = 0; n < a.batch; ++n) {
      const double u = static_cast<double>(ptr<const T>(g)[n]);
      const Forward<T> forward(ptr<const T>(x) + n * a.classes, a.batch * a.classes,
                               a.sequences[static_cast<std::size_t>(n)]);
      if (u == 0 || (std::isinf(forward.loss()) && options.zero_infinity)) continue;
      forward.slope(u, ptr<T>(dx) + n * a.classes);
    }
  });
  return dx;
}

/// The same losses from other ops, for second derivatives: a tensor of states [batch, states] per
/// step.
Tensor composed(const Tensor& log_probs, const Tensor& targets, const Tensor& steps, const Tensor& counts,
                std::int64_t blank) {
  const Alignment a = alignment_of(log_probs, targets, steps, counts, blank);
  constexpr double never = -1e30;  // stands for -inf, without its nan in differences
  std::size_t width = 1;
  for (const Sequence& s : a.sequences) width = std::max(width, s.states.size());
  std::vector<std::int64_t> classes, ends;
  std::vector<double> skip, start;
  for (const Sequence& s : a.sequences) {
    for (std::size_t i = 0; i < width; ++i) {
      classes.push_back(i < s.states.size() ? s.states[i] : blank);
      skip.push_back(i < s.states.size() && s.skips(i) ? 0 : never);
      start.push_back(i == 0 ? 0 : never);
    }
    const auto last = static_cast<std::int64_t>(s.states.size()) - 1;
    ends.push_back(last), ends.push_back(std::max<std::int64_t>(last - 1, 0));
  }
  const auto w = static_cast<std::int64_t>(width);
  const DType t = log_probs.dtype();
  const Tensor x = reshape(log_probs, {a.steps, a.batch, a.classes});
  const Tensor states = tensor(classes, Shape{a.batch, w});
  const Tensor jump = tensor(skip, Shape{a.batch, w}).to(t), wall = full({a.batch, 2}, never, {.dtype = t});
  Tensor alpha = tensor(start, Shape{a.batch, w}).to(t);
  for (std::int64_t step = 0; step < a.steps; ++step) {
    const Tensor wide = cat({wall, alpha}, 1);
    const Tensor ways = stack({alpha, slice(wide, 1, 1, w + 1), slice(wide, 1, 0, w) + jump});
    const Tensor next = logsumexp(ways, 0) + gather(select(x, 0, step), 1, states);
    alpha = where(unsqueeze(reshape(steps, {a.batch}), 1) > step, next, alpha);
  }
  const Tensor last = gather(alpha, 1, tensor(ends, Shape{a.batch, 2}));
  const Tensor none =
      unsqueeze(reshape(counts, {a.batch}), 1) == 0;  // a single state: it must not count twice
  const Tensor second = where(none, never, slice(last, 1, 1));
  const Tensor losses = -logsumexp(cat({slice(last, 1, 0, 1), second}, 1), 1);
  return log_probs.dim() == 3 ? losses : reshape(losses, {});
}

/// g times the slope of the losses. Its own gradient is that of the composed form.
Tensor ctc_loss_vjp(const Tensor& g, const Tensor& x, const Tensor& targets, const Tensor& steps,
                    const Tensor& counts, Blank options) {
  static constexpr Op op = {
      .name = "ctc_loss_vjp",
      .joint = {keep::every_x, [](std::span<const Tensor> h, Fn f, std::span<Tensor> dx) {
                  const GradOptions again{.create_graph = is_recording(), .allow_unused = true};
                  const auto o = f.attributes<Blank>();
                  // g may be made of x: each has its own share only.
                  const auto own = [&](int i) {
                    return is_recording() && f.x(i).requires_grad() ? reshape(f.x(i), f.shape(i))
                                                                    : f.x(i).detach().requires_grad_();
                  };
                  const Tensor u = own(0), v = own(1);
                  const EnableGrad guard;
                  Tensor y = composed(v, f.x(2), f.x(3), f.x(4), o.blank);
                  if (o.zero_infinity) y = where(y > 1e29, 0, y);
                  const Tensor slope = grad({y}, {v}, {u}, {.create_graph = true})[0];
                  std::vector<Tensor> wanted;
                  if (f.wants(0)) wanted.push_back(u);
                  if (f.wants(1)) wanted.push_back(v);
                  std::vector<Tensor> d = grad({slope}, wanted, {h[0]}, again);
                  if (f.wants(1)) dx[1] = std::move(d.back());
                  if (f.wants(0)) dx[0] = std::move(d.front());
                }}};
  return record(op, {g, x, targets, steps, counts}, slopes_of(g, x, targets, steps, counts, options),
                options);
}

}  // namespace

Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, CtcOptions options) {
  static constexpr std::uint32_t read = keep::x(0) | keep::x(1) | keep::x(2) | keep::x(3);
  static constexpr Op op = {.name = "ctc_loss", .vjp = {{{read, [](Grad g, Fn f) {
                                                            return ctc_loss_vjp(g, f.x(0), f.x(1), f.x(2),
                                                                                f.x(3),
                                                                                f.attributes<Blank>());
                                                          }}}}};
  const Blank blank{options.blank, options.zero_infinity};
  const Tensor y = record(op, {log_probs, targets, input_lengths, target_lengths},
                          losses_of(log_probs, targets, input_lengths, target_lengths, blank), blank);
  if (options.reduction != Reduction::mean) return reduced(y, options.reduction);
  return mean(y / reshape(maximum(target_lengths, 1), y.shape()));
}

}  // namespace xgrad
