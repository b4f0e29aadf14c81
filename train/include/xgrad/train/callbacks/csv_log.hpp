#pragma once

#include <string>
#include <utility>
#include <vector>

#include "xgrad/train/callback.hpp"

namespace xgrad::train {

/// Writes the history as a table of comma-separated values, a line behind each epoch: "epoch,loss,val_loss".
/// What is there is replaced; a training that goes on writes the epochs before again. Throws Error where the
/// file cannot be written.
class CsvLog : public Callback {
 public:
  explicit CsvLog(std::string path) : path_(std::move(path)) {}
  void on_epoch(Training& training) override;
  void on_begin(Training&) override { names_.clear(); }

 private:
  std::string path_;
  std::vector<std::string> names_;  ///< the columns that the file has
};

}  // namespace xgrad::train
