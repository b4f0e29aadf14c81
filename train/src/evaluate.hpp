#pragma once

#include <string>
#include <vector>

#include "xgrad/train/fit.hpp"

namespace xgrad::train {

/// Goes once through data: puts the loss and the measures, which are reset before, into `scores` under names
/// with this prefix.
void measure_pass(const char* op, const Predictor& model, const Loss& loss, detail::Passes& data,
                  std::vector<AnyMeasure>& measures, const std::string& prefix, Scores& scores);

/// Puts the values of measures under names with this prefix.
void put_measures(const char* op, const std::vector<AnyMeasure>& measures, const std::string& prefix,
                  Scores& scores);

/// Throws Error unless a loss is one number.
void check_loss(const Tensor& loss);
[[noreturn]] void refuse_empty(const char* op);

}  // namespace xgrad::train
