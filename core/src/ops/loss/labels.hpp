#pragma once

#include <optional>

#include "kernels/loops/fold.hpp"
#include "kernels/loops/lines.hpp"
#include "ops/loss/loss.hpp"

// Losses of class labels. Lines are what one label belongs to: input [classes], [rows, classes] or
// [rows, classes, ...] against labels [], [rows] or [rows, ...].

namespace xgrad::detail {

struct Labels {
  double smoothing;
  std::int64_t ignore_index;
  double scale;  ///< 1, or for a mean one over the labels' weights
};

inline int class_axis(const Tensor& input) { return input.dim() == 1 ? 0 : 1; }

inline std::string describe(const Tensor& input, const Tensor& target) {
  return "input is " + input.describe() + ", target is " + target.describe();
}

/// Throws Error unless the weight has one factor for each class.
void check_weight(const char* op, const Tensor& input, const Tensor& weight);
/// Throws Error unless shapes agree and every label is a class or ignored.
void check_labels(const char* op, const Tensor& input, const Tensor& target,
                  std::optional<std::int64_t> ignore_index);
/// What a reduction divides by: for a mean the weights of all labels that count, together.
double counted(const Tensor& target, const Tensor& weight, std::int64_t ignore_index, Reduction reduction);

/// A loss of one line: how it counts, and where its label lies.
template <class T>
struct Weights {
  const std::int64_t* label;
  const T* weight;  ///< of the classes; null for 1
  Labels labels;
  T all = 0;    ///< the weights of all classes together
  T share = 0;  ///< smoothing / classes: what each class gets

  Weights(const Tensor& target, const Tensor& w, std::int64_t classes, const Labels& a)
      : label(ptr<const std::int64_t>(target)), weight(w.defined() ? ptr<const T>(w) : nullptr), labels(a) {
    if (a.smoothing == 0) return;
    share = static_cast<T>(a.smoothing) / static_cast<T>(classes);
    all = weight ? fold_run<SumFold, T>(weight, classes) : static_cast<T>(classes);
  }
  bool ignored(std::int64_t i) const { return label[i] == labels.ignore_index; }
  T of(std::int64_t i) const { return weight ? weight[label[i]] : T(1); }
  /// What the label's own class counts, and what all classes count together.
  T own(std::int64_t i) const { return static_cast<T>(1 - labels.smoothing) * of(i); }
  T total(std::int64_t i) const { return ignored(i) ? T(0) : own(i) + share * all; }
};

/// The losses of the lines as they are, or their sum over count.
template <class T>
Tensor reduced_lines(Tensor losses, Reduction reduction, double count) {
  if (reduction == Reduction::none) return losses;
  Tensor y = new_tensor({}, losses.dtype());
  launch(loss_sum_kernel, {.bytes = losses.numel() * bytes_of<T>},
         [to = ptr<T>(y), from = ptr<const T>(losses), n = losses.numel(), count = static_cast<T>(count)] {
           *to = fold_run<SumFold, T>(from, n) / count;
         });
  return y;
}

}  // namespace xgrad::detail
