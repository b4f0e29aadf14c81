#include "measures/rows.hpp"

#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

/// [rows, 1] and [rows] are one number a row.
bool one_number_a_row(const Tensor& prediction, const Tensor& target) {
  return prediction.shape() == target.shape() ||
         (prediction.dim() == target.dim() + 1 && prediction.size(-1) == 1 &&
          prediction.numel() == target.numel());
}

}  // namespace

bool has_classes(const std::string& op, const Tensor& prediction, const Tensor& target) {
  if (one_number_a_row(prediction, target)) return false;
  const bool right = target.dtype() == int64 && target.dim() == 1 && prediction.dim() == 2 &&
                     prediction.size(0) == target.size(0) && prediction.size(1) > 0;
  if (!right)
    throw Error(
        op +
        ": the prediction must be [rows, classes] for int64 targets [rows], or of the shape of targets "
        "of 0 and 1: prediction is " +
        prediction.describe() + ", target is " + target.describe());
  return true;
}

std::vector<std::int64_t> labels_of(const std::string& op, const Tensor& prediction, const Tensor& target,
                                    std::int64_t classes) {
  const std::vector<double> values = numbers_of(target);
  std::vector<std::int64_t> labels;
  labels.reserve(values.size());
  for (const double v : values) {
    const bool fits = v >= 0 && v < static_cast<double>(classes);
    labels.push_back(fits ? static_cast<std::int64_t>(v) : 0);
    if (!fits || static_cast<double>(labels.back()) != v)
      throw Error(op + ": a label must be one of 0 to " + std::to_string(classes - 1) + ": that in row " +
                  std::to_string(labels.size() - 1) + " is " + std::to_string(v) + "; prediction is " +
                  prediction.describe() + ", target is " + target.describe());
  }
  return labels;
}

void check_same_shape(const std::string& op, const Tensor& prediction, const Tensor& target) {
  if (prediction.shape() != target.shape())
    throw Error(op + ": prediction and target must have one shape: prediction is " + prediction.describe() +
                ", target is " + target.describe());
}

std::vector<double> numbers_of(const Tensor& t) {
  const Tensor doubles = t.detach().to(float64);
  const auto data = doubles.data<double>();
  return {data.begin(), data.end()};
}

}  // namespace xgrad::train
