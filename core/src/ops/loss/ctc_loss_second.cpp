#include "ops/loss/ctc_loss.hpp"

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// The same losses from other ops, a tensor of states [batch, states] per step.
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

}  // namespace

/// The wanted gradients of ctc_loss_vjp from its cotangent h: those of the composed form, in which the labels
/// become constants; so it is heard as one call.
std::vector<Tensor> detail::ctc_loss_second(const Tensor& h, const Tensor& g, const Tensor& x,
                                            const Tensor& targets, const Tensor& steps, const Tensor& counts,
                                            CtcSecond o) {
  static constexpr Op op = {
      .name = "ctc_loss_vjp_vjp", .fields = &fields_of<CtcSecond>, .again_all = [](Call c) {
        return ctc_loss_second(c.x(0), c.x(1), c.x(2), c.x(3), c.x(4), c.x(5), c.attributes<CtcSecond>());
      }};
  const GradOptions options{.create_graph = is_recording(), .allow_unused = true};
  // g may be made of x: each has its own share only.
  const auto own = [](const Tensor& t) {
    return is_recording() && t.requires_grad() ? reshape(t, t.shape()) : t.detach().requires_grad_();
  };
  std::vector<Tensor> d;
  {
    const Unheard unheard;
    const Tensor u = own(g), v = own(x);
    const EnableGrad guard;
    Tensor y = composed(v, targets, steps, counts, o.loss.blank);
    if (o.loss.zero_infinity) y = where(y > 1e29, 0, y);
    const Tensor slope = grad({y}, {v}, {u}, {.create_graph = true})[0];
    std::vector<Tensor> wanted;
    if (o.of_g) wanted.push_back(u);
    if (o.of_x) wanted.push_back(v);
    d = grad({slope}, wanted, {h}, options);
  }
  if (is_heard()) {
    const Ref inputs[] = {h, g, x, targets, steps, counts};
    tell(op, inputs, d, std::make_shared<CtcSecond>(o));
  }
  return d;
}

}  // namespace xgrad
