#pragma once

#include <cstdint>

#include "xgrad/core/tensor.hpp"

namespace xgrad::train {

/// A weight for each class, as cross_entropy takes them: rows / (classes * rows of the class), so that all
/// classes count alike and the weights of all rows add up to their number. King and Zeng, 2001. Of int64
/// targets [rows], whose classes are 0 to the largest label, or to classes - 1.
///
/// Throws Error for other targets, a label out of range, and a class without rows.
Tensor class_weights(const Tensor& targets, std::int64_t classes = 0);

/// What is made large by the choice of a threshold.
enum class ThresholdGoal : std::uint8_t {
  f1,
  accuracy,
  youden,  ///< true positive rate - false positive rate. Youden, 1950.
};

/// A threshold above which rows are taken for class 1, and what it reaches.
struct Threshold {
  double threshold, score;
};

/// The threshold of scores, [rows] or [rows, 1], with which the goal is largest over targets of 0 and 1:
/// between two scores that occur, or beyond all; of equally good ones the highest. Throws Error as RocAuc
/// does.
Threshold tune_threshold(const Tensor& scores, const Tensor& targets, ThresholdGoal goal = ThresholdGoal::f1);

}  // namespace xgrad::train
