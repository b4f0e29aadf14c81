#include <algorithm>
#include <span>

#include "autodiff/fields.hpp"
#include "ops/loss/labels.hpp"
#include "ops/support/recheck.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad {

using namespace detail;

namespace detail {

void check_weight(const char* op, const Tensor& input, const Tensor& weight) {
  if (!weight.defined()) return;
  const std::int64_t classes = input.size(class_axis(input));
  if (!(weight.shape(op) == Shape{classes}) || weight.dtype() != input.dtype(op))
    fail(op, "the weight needs one factor for each class, in the dtype of the input: input is " +
                 input.describe() + ", weight is " + weight.describe());
}

void check_labels(const char* op, const Tensor& input, const Tensor& target,
                  std::optional<std::int64_t> ignore_index) {
  const int axis = class_axis(input);
  Shape expected = input.shape(op);
  expected.erase(axis);
  if (!(target.shape(op) == expected))
    fail(op, "the labels must have the shape of the input without its axis of classes, " + expected.str() +
                 ": " + describe(input, target));
  const std::int64_t* label = ptr<const std::int64_t>(target);
  const std::int64_t classes = input.size(axis);
  recheck(op, [label, classes, n = target.numel(), ignored = ignore_index.value_or(0)] {
    return std::all_of(label, label + n,
                       [=](std::int64_t l) { return l == ignored || (l >= 0 && l < classes); });
  });
  for (std::int64_t i = 0; i < target.numel(); ++i)
    if ((label[i] < 0 || label[i] >= classes) && label[i] != ignore_index)
      fail(op, "the label in row " + std::to_string(i) + " is " + std::to_string(label[i]) +
                   ", but there are " + std::to_string(classes) + " classes: " + describe(input, target) +
                   "; labels go from 0 to " + std::to_string(classes - 1) +
                   (ignore_index ? ", and rows labelled ignore_index = " + std::to_string(*ignore_index) +
                                       " are left out"
                                 : ""));
}

namespace {

/// The weights of the labels that count, together.
double total_weight(std::span<const std::int64_t> labels, std::int64_t ignore_index, DType dtype,
                    const void* weight) {
  double s = 0;
  for (const std::int64_t label : labels)
    if (label != ignore_index)
      s += !weight            ? 1
           : dtype == float64 ? static_cast<const double*>(weight)[label]
                              : static_cast<double>(static_cast<const float*>(weight)[label]);
  return s;
}

}  // namespace

double counted(const Tensor& target, const Tensor& weight, std::int64_t ignore_index, Reduction reduction) {
  if (reduction != Reduction::mean) return static_cast<double>(count_of(reduction, target));
  const std::span labels(ptr<const std::int64_t>(target), static_cast<std::size_t>(target.numel()));
  const DType dtype = weight.defined() ? weight.dtype() : float64;
  const void* factors = weight.defined() ? weight.node()->data : nullptr;
  const double sum =
      factors ? total_weight(labels, ignore_index, dtype, factors)
              : static_cast<double>(target.numel() - std::count(labels.begin(), labels.end(), ignore_index));
  recheck("nll_loss", [=] { return total_weight(labels, ignore_index, dtype, factors) == sum; });
  return sum;
}

}  // namespace detail

namespace {

constexpr Kernel nll_loss_kernel = {.name = "nll_loss"}, nll_loss_vjp_kernel = {.name = "nll_loss_vjp"};

/// The place of a line's label in the input.
std::int64_t place_of(const Block& b, std::int64_t line, std::int64_t label) {
  return (line / b.inner * b.n + label) * b.inner + line % b.inner;
}

std::span<const Ref> with_weight(const Ref (&inputs)[3], const Tensor& weight) {
  return std::span(inputs, weight.defined() ? 3 : 2);
}

struct NllLoss {
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;

  void fields(auto&& field) const {
    field("ignore_index", ignore_index), field("reduction", text_of(reduction));
  }
};

Tensor weight_of(Fn f) { return f.inputs() > 2 ? f.x(2) : Tensor(); }

Labels labels_of(const Tensor& target, const Tensor& weight, NllLoss a) {
  return {0, a.ignore_index, 1 / counted(target, weight, a.ignore_index, a.reduction)};
}

/// What the losses of these labels are multiplied by: a call of its own, since it follows from the labels.
Tensor nll_loss_scale(const Tensor& target, const Tensor& weight, NllLoss a, DType dtype) {
  static constexpr Op op = {.name = "nll_loss_scale", .fields = &fields_of<NllLoss>, .again = [](Call c) {
                              return nll_loss_scale(c.x(0), c.x(1), c.attributes<NllLoss>(), c.dtype());
                            }};
  const Ref inputs[] = {target, weight};
  return pass(op, std::span(inputs, weight.defined() ? 2 : 1),
              constant(labels_of(target, weight, a).scale, dtype), [&] { return a; });
}

/// The transpose of nll_loss: -scale g w at each line's label, 0 elsewhere.
Tensor nll_loss_vjp(const Tensor& g, const Tensor& target, const Tensor& weight, const Shape& shape,
                    NllLoss a) {
  static constexpr Op op = {
      .name = "nll_loss_vjp",
      .vjp = {{{keep::x(1) | keep::x(2),
                [](Grad h, Fn f) {
                  const auto [ignore_index, reduction] = f.attributes<NllLoss>();
                  const Tensor t = f.x(1), w = weight_of(f);
                  const Tensor each = nll_loss(h, t, {w, ignore_index, Reduction::none});
                  return mul0(each, nll_loss_scale(t, w, {ignore_index, reduction}, h.dtype()));
                }}}},
      .fields = &fields_of<NllLoss>,
      .again =
          [](Call c) { return nll_loss_vjp(c.x(0), c.x(1), c.x(2), c.shape(), c.attributes<NllLoss>()); },
      .jvp = Jvp::By::linear};
  const Labels labels = labels_of(target, weight, a);
  Tensor y = zeros_of(shape, g.dtype());
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Block b = block_at(shape, shape.rank() == 1 ? 0 : 1);
    const Weights<T> weights(target, weight, b.n, labels);
    const T* u = ptr<const T>(g);
    const bool each = g.shape() == target.shape();
    launch(nll_loss_vjp_kernel, {.bytes = target.numel() * bytes_of<T, T, std::int64_t>},
           [=, to = ptr<T>(y)] {
             for (std::int64_t i = 0; i < b.outer * b.inner; ++i)
               if (const T v = u[each ? i : 0]; v != 0 && !weights.ignored(i))
                 to[place_of(b, i, weights.label[i])] = -v * static_cast<T>(labels.scale) * weights.of(i);
           });
  });
  return record(op, with_weight({g, target, weight}, weight), std::move(y), a);
}

}  // namespace

Tensor nll_loss(const Tensor& input, const Tensor& target) { return nll_loss(input, target, {}); }

Tensor nll_loss(const Tensor& input, const Tensor& target, NllOptions options) {
  static constexpr Op op = {.name = "nll_loss",
                            .vjp = {{{keep::x(1) | keep::x(2),
                                      [](Grad g, Fn f) {
                                        return nll_loss_vjp(g, f.x(1), weight_of(f), f.shape(0),
                                                            f.attributes<NllLoss>());
                                      }}}},
                            .fields = &fields_of<NllLoss>,
                            .again =
                                [](Call c) {
                                  const auto [ignore_index, reduction] = c.attributes<NllLoss>();
                                  return nll_loss(c.x(0), c.x(1), {c.x(2), ignore_index, reduction});
                                },
                            .jvp = Jvp::By::linear};
  const Tensor& weight = options.weight;
  check_floating("nll_loss", input);
  if (input.dim() == 0) fail("nll_loss", "the input needs an axis of classes: " + describe(input, target));
  if (target.dtype() != int64)
    fail("nll_loss", "labels must be int64: " + describe(input, target) + "; convert them with .to(int64)");
  check_weight("nll_loss", input, weight);
  check_labels("nll_loss", input, target, options.ignore_index);
  const double count = counted(target, weight, options.ignore_index, options.reduction);
  const Labels labels{0, options.ignore_index, 1 / count};
  Tensor y = visit_floating(input.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Block b = block_at(input.shape(), class_axis(input));
    const Weights<T> weights(target, weight, b.n, labels);
    Tensor losses = new_tensor(target.shape(), input.dtype());
    launch(nll_loss_kernel, {.bytes = target.numel() * bytes_of<T, T, std::int64_t>}, target.numel(),
           [=, to = ptr<T>(losses), from = ptr<const T>(input)](std::int64_t first, std::int64_t last) {
             for (std::int64_t i = first; i < last; ++i)
               to[i] = weights.ignored(i) ? T(0) : -weights.of(i) * from[place_of(b, i, weights.label[i])];
           });
    return reduced_lines<T>(std::move(losses), options.reduction, count);
  });
  return record(op, with_weight({input, target, weight}, weight), std::move(y),
                NllLoss{options.ignore_index, options.reduction});
}

}  // namespace xgrad
