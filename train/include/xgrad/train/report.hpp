#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/shape.hpp"
#include "xgrad/data/dataset.hpp"
#include "xgrad/train/callback.hpp"

namespace xgrad::train {

struct ReportOptions {
  std::string title = "Training";
  /// What else is to be read in it, by name: the seed, the data, a remark.
  std::vector<std::pair<std::string, std::string>> notes = {};
  /// Of these, rows are shown of which the model is wrong, those of which it is most certain first; of
  /// numbers those that are farthest off.
  std::optional<data::TensorDataset> examples = {};
  std::int64_t most_examples = 12;
  Shape image = {};  ///< [height, width] of the features of an example, which are drawn then
};

/// Writes a report at the end of a training: one HTML file that needs nothing else and no network, with the
/// curves, the table of the epochs, the confusion matrix if a measure has counted one, the model's summary,
/// the options, the versions, and examples of errors.
class Report : public Callback {
 public:
  explicit Report(std::string path, ReportOptions options = {})
      : path_(std::move(path)), options_(std::move(options)) {}

  void on_step(Training& training) override;
  /// Throws Error where the file cannot be written.
  void on_end(Training& training) override;

 private:
  std::string path_;
  ReportOptions options_;
  std::optional<Shape> input_;  ///< of the first batch
  std::optional<DType> dtype_;
};

}  // namespace xgrad::train
