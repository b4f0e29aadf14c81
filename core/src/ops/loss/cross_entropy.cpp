#include "autodiff/fields.hpp"
#include "ops/loss/labels.hpp"
#include "ops/support/tangents.hpp"
#include "ops/support/vjp.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Kernel cross_entropy_kernel = {.name = "cross_entropy"};
constexpr Kernel cross_entropy_vjp_kernel = {.name = "cross_entropy_vjp"};
constexpr Kernel cross_entropy_factors_kernel = {.name = "cross_entropy_factors", .elementwise = true};

struct CrossEntropy {
  double label_smoothing = 0;
  std::int64_t ignore_index = -100;
  Reduction reduction = Reduction::mean;

  void fields(auto&& field) const {
    field("label_smoothing", label_smoothing), field("ignore_index", ignore_index);
    field("reduction", text_of(reduction));
  }
};

struct Factors {
  CrossEntropy loss;
  std::int64_t classes = 1;

  void fields(auto&& field) const {
    loss.fields(field);
    field("classes", classes);
  }
};

Labels labels_of(const Tensor& target, const Tensor& weight, const CrossEntropy& a) {
  return {a.label_smoothing, a.ignore_index, 1 / counted(target, weight, a.ignore_index, a.reduction)};
}

/// The losses of lines; peaks, if given, takes the largest logit and the rest of each line for the gradient.
template <class T>
Tensor line_losses(const Tensor& input, const Tensor& target, const Tensor& weight, const Labels& labels,
                   T* peaks) {
  const Block b = block_at(input.shape(), class_axis(input));
  const std::int64_t lines = b.outer * b.inner;
  const Weights<T> weights(target, weight, b.n, labels);
  Tensor losses = new_tensor(target.shape(), input.dtype());
  const auto losses_of = [=, to = ptr<T>(losses)](auto along, std::int64_t first, T*, const T* x) {
    using V = typename decltype(along)::V;
    T* loss = to + first;
    const Peak<V> peak = peak_of(along, x);
    const V top = unmasked(peak.top), rest = peak.rest;
    const V log_total = simd::log1p(rest);
    if (peaks) {
      store_part(peaks + first, along.lines(), top);
      store_part(peaks + lines + first, along.lines(), rest);
    }
    V smooth(0);  // what all classes together add
    if (weights.share != 0) {
      const V missing = line_sum(along, [&](std::int64_t i) {
        const V d = top - along.load(x, i, top.get(0));
        return weights.weight ? simd::mul0(along.factor(weights.weight, i), d) : d;
      });
      smooth = V(weights.share) * (missing + V(weights.all) * log_total);
    }
    alignas(line) T largest[V::size], logs[V::size], extra[V::size];
    top.store_aligned(largest), log_total.store_aligned(logs), smooth.store_aligned(extra);
    for (std::int64_t l = 0; l < along.lines(); ++l) {
      if (weights.ignored(first + l)) {
        loss[l] = 0;
        continue;
      }
      const T logit = x[along.place(weights.label[first + l], l)];
      const T own = weights.own(first + l);
      loss[l] = (own == 0 ? own : own * ((largest[l] - logit) + logs[l])) + extra[l];
    }
  };
  each_line<T>(cross_entropy_kernel, b, losses_of, 0, static_cast<T*>(nullptr), ptr<const T>(input));
  return losses;
}

/// A = w_label (1 - smoothing) + smoothing / classes sum w of each line, times scale; 0 where it is ignored.
Tensor line_factors(const Tensor& target, const Tensor& weight, std::int64_t classes, DType dtype,
                    const CrossEntropy& asked) {
  static constexpr Op op = {
      .name = "cross_entropy_factors", .fields = &fields_of<Factors>, .again = [](Call c) {
        const auto& a = c.attributes<Factors>();
        return line_factors(c.x(0), c.x(1), a.classes, c.dtype(), a.loss);
      }};
  const Labels labels = labels_of(target, weight, asked);
  Tensor y = new_tensor(target.shape(), dtype);
  visit_floating(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    const Weights<T> weights(target, weight, classes, labels);
    launch(cross_entropy_factors_kernel, {.bytes = target.numel() * bytes_of<T, std::int64_t>},
           target.numel(), [weights, labels, to = ptr<T>(y)](std::int64_t first, std::int64_t last) {
             for (std::int64_t i = first; i < last; ++i)
               to[i] = weights.ignored(i) ? T(0) : weights.total(i) * static_cast<T>(labels.scale);
           });
  });
  const Ref inputs[] = {target, weight};
  return pass(op, std::span(inputs, weight.defined() ? 2 : 1), std::move(y), [&] {
    return Factors{asked, classes};
  });
}

/// With p = softmax(x): scale g (A p - a), where a is what each class counts and A their sum. At a label that
/// is also the largest logit, p - 1 is -rest / (1 + rest), which keeps its last places where p is almost 1.
template <class T>
void cross_entropy_slope(T* dx, const T* g, bool each, const Tensor& input, const Tensor& peaks,
                         const Weights<T>& weights) {
  const Block b = block_at(input.shape(), class_axis(input));
  const std::int64_t lines = b.outer * b.inner;
  const T *tops = ptr<const T>(peaks), *rests = tops + lines;
  const auto slopes_of = [each, g, tops, rests, weights](auto along, std::int64_t first, T* d, const T* x) {
    using V = typename decltype(along)::V;
    alignas(line) T totals[V::size] = {}, shares[V::size] = {};
    for (std::int64_t l = 0; l < along.lines(); ++l) {
      if (weights.ignored(first + l)) continue;
      const T u = g[each ? first + l : 0] * static_cast<T>(weights.labels.scale);
      totals[l] = u == 0 ? u : u * weights.total(first + l);
      shares[l] = u * weights.share;
    }
    const V top = along.of_line(tops, first), total = along.of_line(totals, 0);
    const V share = along.of_line(shares, 0), scale = V(1) / (V(1) + along.of_line(rests, first));
    for (std::int64_t i = 0; i < along.steps(); ++i) {
      const V p = simd::exp(along.load(x, i) - top) * scale;
      V v = simd::mul0(total, p);
      if (weights.share != 0) v -= weights.weight ? share * along.factor(weights.weight, i) : share;
      along.store(d, i, v);
    }
    for (std::int64_t l = 0; l < along.lines(); ++l) {
      if (totals[l] == 0) continue;
      const std::int64_t place = along.place(weights.label[first + l], l);
      const T u = g[each ? first + l : 0] * static_cast<T>(weights.labels.scale), rest = rests[first + l];
      if (x[place] == tops[first + l])
        d[place] = totals[l] * (-rest / (1 + rest)) + shares[l] * (weights.all - weights.of(first + l));
      else
        d[place] -= u * weights.own(first + l);
    }
  };
  each_line<T>(cross_entropy_vjp_kernel, b, slopes_of, 0, dx, ptr<const T>(input));
}

/// Input i if it is a weight: peaks are the last.
Tensor weight_of(Fn f, int i) { return f.inputs() > i + 1 ? f.x(i) : Tensor(); }
Tensor peaks_of(Fn f) { return f.x(f.inputs() - 1); }

Tensor peaks_of(const Tensor& input, const Tensor& target, const Tensor& weight, const Labels& labels) {
  Tensor peaks = new_tensor({2, target.numel()}, input.dtype());
  visit_floating(input.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    line_losses<T>(input, target, weight, labels, ptr<T>(peaks));
  });
  return peaks;
}

Tensor cross_entropy_vjp(const Tensor& g, const Tensor& input, const Tensor& target, const Tensor& weight,
                         const Tensor& peaks, const CrossEntropy& asked) {
  static constexpr std::uint32_t read = keep::x(1) | keep::x(2) | keep::x(3) | keep::x(4);
  static constexpr Op op = {
      .name = "cross_entropy_vjp",
      .vjp = {{{read,  // dg
                [](Grad h, Fn f) {
                  const Tensor x = f.x(1), one = constant(1, h.dtype());
                  const Tensor dg = mul0(h, cross_entropy_vjp(one, x, f.x(2), weight_of(f, 3), peaks_of(f),
                                                              f.attributes<CrossEntropy>()));
                  return f.shape(0) == f.x(2).shape() ? sum(dg, class_axis(x)) : dg;
                }},
               {keep::x(0) | read,
                [](Grad h, Fn f) {  // dx
                  const Tensor u = f.x(0), x = f.x(1), t = f.x(2);
                  const int axis = class_axis(x);
                  const Tensor factors = mul0(u, line_factors(t, weight_of(f, 3), x.size(axis), x.dtype(),
                                                              f.attributes<CrossEntropy>()));
                  return softmax_vjp(mul0(h, unsqueeze(factors, axis)), softmax(x, axis), axis);
                }}}},
      .scratch = 1,
      .fields = &fields_of<CrossEntropy>,
      .again = [](Call c) {
        const auto& loss = c.attributes<CrossEntropy>();
        const Tensor x = c.x(1), t = c.x(2), w = c.x(3);
        return cross_entropy_vjp(c.x(0), x, t, w, peaks_of(x, t, w, labels_of(t, w, loss)), loss);
      }};
  const Labels labels = labels_of(target, weight, asked);
  Tensor y = new_like(input);
  visit_floating(input.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const Weights<T> weights(target, weight, input.size(class_axis(input)), labels);
    cross_entropy_slope(ptr<T>(y), ptr<const T>(g), g.shape() == target.shape(), input, peaks, weights);
  });
  const Ref inputs[] = {g, input, target, weight.defined() ? weight : peaks, peaks};
  return record(op, std::span(inputs, weight.defined() ? 5 : 4), std::move(y), asked);
}

/// Cross-entropy with a probability for each class instead of a label.
Tensor soft_cross_entropy(const Tensor& input, const Tensor& target, const CrossEntropyOptions& options) {
  const auto [x, t] = loss_operands("cross_entropy", input, target);
  const int axis = class_axis(x);
  const double e = options.label_smoothing, classes = static_cast<double>(x.size(axis));
  const Tensor share = e == 0 ? t : t * (1 - e) + e / classes;
  Tensor losses = mul0(-share, log_softmax(x, axis));
  if (options.weight.defined()) {
    Shape along = Shape::filled(x.dim(), 1);
    along[axis] = x.size(axis);
    losses = losses * reshape(options.weight, along);
  }
  if (options.reduction == Reduction::none) return sum(losses, axis);
  const double lines = static_cast<double>(x.numel()) / classes;
  const double rows = x.dim() == 1 ? 1 : static_cast<double>(x.size(0));
  if (options.reduction == Reduction::sum) return sum(losses);
  return sum(losses) / (options.reduction == Reduction::mean ? lines : rows);
}

}  // namespace

Tensor cross_entropy(const Tensor& input, const Tensor& target) { return cross_entropy(input, target, {}); }

Tensor cross_entropy(const Tensor& input, const Tensor& target, CrossEntropyOptions options) {
  static constexpr auto rule = [](Grad g, Fn f) {
    return cross_entropy_vjp(g, f.x(0), f.x(1), weight_of(f, 2), peaks_of(f), f.attributes<CrossEntropy>());
  };
  static constexpr Op op = {
      .name = "cross_entropy",
      .vjp = {{{keep::x(0) | keep::x(1) | keep::x(2) | keep::x(3), rule}}},
      .scratch = 1,
      .fields = &fields_of<CrossEntropy>,
      .again =
          [](Call c) {
            const auto [label_smoothing, ignore_index, reduction] = c.attributes<CrossEntropy>();
            return cross_entropy(c.x(0), c.x(1), {c.x(2), ignore_index, label_smoothing, reduction});
          },
      .jvp =
          [](Fn f) {
            const Tensor y = f.y(), each = mul0(f.t(0), rule(ones_of(y.shape(), y.dtype()), f));
            return y.numel() == 1 ? reshape(sum(each), y.shape()) : sum(each, class_axis(f.x(0)));
          }};
  const Tensor& weight = options.weight;
  check_floating("cross_entropy", input);
  if (input.dim() == 0)
    fail("cross_entropy", "the input needs an axis of classes: " + describe(input, target));
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    fail("cross_entropy", "label_smoothing must be in [0, 1]: it is " + short_text(options.label_smoothing));
  check_weight("cross_entropy", input, weight);
  if (is_floating(target.dtype()) && target.shape() == input.shape())
    return soft_cross_entropy(input, target, options);
  if (target.dtype() != int64)
    fail("cross_entropy",
         "the target must be int64 labels, or floating probabilities of the input's shape: " +
             describe(input, target) + "; convert labels with .to(int64)");
  check_labels("cross_entropy", input, target, options.ignore_index);

  const double count = counted(target, weight, options.ignore_index, options.reduction);
  const CrossEntropy asked{options.label_smoothing, options.ignore_index, options.reduction};
  const Labels labels{options.label_smoothing, options.ignore_index, 1 / count};
  const bool recorded = is_recording() && input.requires_grad();
  const Tensor peaks = recorded ? new_tensor({2, target.numel()}, input.dtype()) : Tensor();
  Tensor y = visit_floating(input.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    return reduced_lines<T>(line_losses<T>(input, target, weight, labels, recorded ? ptr<T>(peaks) : nullptr),
                            options.reduction, count);
  });
  const Ref all[] = {input, target, weight.defined() ? weight : peaks, peaks};
  const std::span inputs(all, weight.defined() ? 4 : 3);
  return recorded ? record(op, inputs, std::move(y), asked)
                  : pass(op, inputs, std::move(y), [&] { return asked; });
}

}  // namespace xgrad
