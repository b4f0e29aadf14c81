#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "xgrad/train/callback.hpp"

namespace xgrad::train {

struct TensorBoardOptions {
  bool histograms = false;       ///< of weights and gradients, behind each epoch
  std::int64_t every_steps = 0;  ///< the loss of every so many steps too; 0: of epochs only
};

/// Writes the history as event files, which TensorBoard shows: `tensorboard --logdir directory`. Scalars have
/// their names in the history, and the number of steps as their place; histograms are "weights/0.weight" and
/// "gradients/0.weight", of the latest step. Each training makes a file of its own.
///
/// A file is a list of records: the length as u64, the masked CRC-32C of it, the bytes of an `Event`, the
/// masked CRC-32C of those. What was written is on the disk behind each epoch.
class TensorBoard : public Callback {
 public:
  explicit TensorBoard(std::string directory, TensorBoardOptions options = {});

  /// Throws Error where the file cannot be made.
  void on_begin(Training& training) override;
  void on_step(Training& training) override;
  void on_epoch(Training& training) override;
  void on_end(Training& training) override;

  /// The file that is written to, and the latest one after a training; "" before.
  const std::string& path() const { return path_; }

 private:
  class Writer;

  std::string directory_, path_;
  TensorBoardOptions options_;
  std::shared_ptr<Writer> writer_;
};

}  // namespace xgrad::train
