// survivor DIRECTORY EPOCHS [EPOCH]: trains on the ranks of mpirun with checkpoints in DIRECTORY and prints
// the loss of each epoch. In EPOCH the last rank is killed in the middle of a step.

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "parallel/models.hpp"
#include "xgrad/train.hpp"

using namespace xgrad;
using namespace xgrad::test;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string directory = argv[1];
  const int epochs = std::atoi(argv[2]), last_epoch = argc > 3 ? std::atoi(argv[3]) : -1;
  return parallel::run([&](parallel::Communicator world) {
    manual_seed(3);
    Generator g(8);
    const Tensor x = randn({48, 6}, {.dtype = float64}, g);
    Mlp model;
    int epoch = 0;
    // Before the replica's own hook, which takes the gradient away.
    on_ready(model.hidden.weight, [&](Tensor&) {
      if (epoch == last_epoch && world.rank() == world.size() - 1) std::raise(SIGKILL);
    });
    parallel::Replica replica(model, world);
    optim::Adam adam(model, {.lr = 0.02});
    struct Counts : train::Callback {
      explicit Counts(int& its) : epoch(its) {}
      void on_epoch_begin(train::Training& t) override { epoch = static_cast<int>(t.epochs_done()) + 1; }
      int& epoch;
    };
    const data::Pipeline own = data::from(data::TensorDataset(x, tanh(x.slice(1, 0, 2) * 2))) |
                               data::shuffle() | data::shard(world.rank(), world.size()) |
                               data::batch(12 / world.size());
    const train::History history =
        train::fit(model, nn::mse_loss, adam, own.with(Generator(9)),
                   {.epochs = epochs,
                    .callbacks = {parallel::Together(replica, world), Counts(epoch),
                                  parallel::Checkpoints(world, directory)},
                    .show = world.rank() == 0 ? train::Show::lines : train::Show::nothing});
    replica.verify();
    if (world.rank() == 0)
      for (const double loss : history["loss"]) std::printf("loss %.12f\n", loss);
    return 0;
  });
}
