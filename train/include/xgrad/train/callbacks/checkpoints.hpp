#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "xgrad/files/checkpoint.hpp"
#include "xgrad/train/callback.hpp"
#include "xgrad/train/callbacks/early_stopping.hpp"

namespace xgrad::train {

struct CheckpointsOptions {
  std::int64_t every = 1;    ///< epochs
  int keep = 3;              ///< how many of the latest ones stay
  std::string watched = "";  ///< the checkpoint with the best such number stays too; "": none
  Better better = Better::automatic;
  bool resume = true;  ///< a training goes on where the latest checkpoint is
};

/// Saves the whole training behind each epoch, and when the user interrupts it; and goes on from there.
///
///     train::fit(net, loss, adam, set, {.epochs = 50, .callbacks = {train::Checkpoints("run")}});
///
/// A training that goes on gives the bits of one that was never interrupted, in the middle of an epoch too.
/// Files are those of files::Checkpointer, and hold what Training::visit names.
///
/// At its begin a training throws Error where a checkpoint is of another model, or of other callbacks; and
/// where there is one and `resume` is off. No file has changed then.
class Checkpoints : public Callback {
 public:
  /// Throws Error for every < 1, and as files::Checkpointer does.
  explicit Checkpoints(const std::string& directory, CheckpointsOptions options = {});

  void on_begin(Training& training) override;
  void on_resume(Training& training) override;
  void on_epoch(Training& training) override;
  void on_interrupt(Training& training) override;

  const files::Checkpointer& checkpointer() const { return files_; }

 private:
  CheckpointsOptions options_;
  files::Checkpointer files_;
};

/// Gives a model the weights of a checkpoint, which may be that of a whole training: of the best one, say.
///
///     train::load_model(checkpoints->checkpointer().best().value(), net);
///
/// Throws Error, and changes nothing, where it holds another model.
void load_model(const std::string& path, nn::ModuleBase& model);

}  // namespace xgrad::train
