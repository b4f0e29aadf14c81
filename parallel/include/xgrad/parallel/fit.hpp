#pragma once

#include <string>

#include "xgrad/parallel/replica.hpp"
#include "xgrad/train/callbacks/checkpoints.hpp"
#include "xgrad/train/fit.hpp"

namespace xgrad::parallel {

/// Makes a train::fit on each rank one training: gradients are reduced before each step, and the numbers of
/// an epoch are the means over the ranks, on all of them. It comes before the callbacks that read these, so
/// that what they decide is the same everywhere.
///
///     parallel::Replica replica(model, world);
///     auto batches = data::from(set) | data::shuffle() | data::shard(world.rank(), world.size()) |
///                    data::batch(32);
///     train::fit(model, nn::cross_entropy, adam, batches.with(Generator(7)),
///                {.callbacks = {parallel::Together(replica, world)}, .show = parallel::show(world)});
///
/// All ranks must get equally many batches of equally many rows, as data::shard gives them, and the same
/// options. A mean over ranks is exact for the loss, and for measures that are means over rows; give a
/// validation set to each rank whole, and its numbers are exact too. With `accumulate` nothing overlaps.
///
/// The replica and the communicator must outlive the training.
class Together : public train::Callback {
 public:
  Together(Replica& replica, const Communicator& communicator)
      : replica_(&replica), communicator_(communicator) {}

  void on_begin(train::Training& training) override;
  void on_gradients(train::Training& training) override;
  void on_epoch(train::Training& training) override;
  void on_end(train::Training& training) override;

 private:
  Replica* replica_;
  Communicator communicator_;
  bool accumulates_ = false;
};

/// What fit shows: the usual on rank 0, and nothing on the others.
train::Show show(const Communicator& communicator);

/// train::Checkpoints that rank 0 writes and all ranks read, from a directory that all see: what a training
/// goes on from when a rank has died, with as many ranks or others. What belongs to a rank alone, such as the
/// place of default_generator(), is that of rank 0 afterwards.
class Checkpoints : public train::Checkpoints {
 public:
  Checkpoints(const Communicator& communicator, const std::string& directory,
              train::CheckpointsOptions options = {})
      : train::Checkpoints(directory, std::move(options)), communicator_(communicator) {}

  void on_resume(train::Training& training) override;
  void on_epoch(train::Training& training) override;
  void on_interrupt(train::Training& training) override;

 private:
  Communicator communicator_;
};

}  // namespace xgrad::parallel
