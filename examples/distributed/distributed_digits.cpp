// Handwritten digits on several processes: `mpirun -np 2 distributed_digits`. Each has its share of every
// batch, and all have the same weights behind every step.

#include <cstdio>

#include <xgrad/parallel.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 20;
  int batch_size = 32;  // of all processes together
  double lr = 0.01;
};

/// Trains a model together with the other processes, and returns its accuracy on digits that it has not seen.
double learn(const Options& options, parallel::Communicator world) {
  const auto [train_set, test_set] = data::split(data::digits(), 0.8, {.stratify = true});
  if (world.rank() == 0)
    std::printf("%d processes train on %s\n", world.size(), train_set.describe().c_str());

  nn::Sequential model = nn::mlp({64, 256, 256, 10});
  parallel::Replica replica(model, world);
  optim::Adam adam(model, {.lr = options.lr});
  const data::Pipeline own = data::from(train_set) | data::shuffle() |
                             data::shard(world.rank(), world.size()) |
                             data::batch(std::max(1, options.batch_size / world.size()));

  const train::History history =
      train::fit(model, nn::cross_entropy, adam, own.with(Generator(7)),  // one order for all
                 {.epochs = options.epochs,
                  .validation = test_set,
                  .measures = {train::Accuracy()},
                  .schedules = {[&](std::int64_t epoch) {  // down to 0 in a straight line
                    return options.lr * static_cast<double>(options.epochs - epoch) / options.epochs;
                  }},
                  .callbacks = {parallel::Together(replica, world)},
                  .show = parallel::show(world)});
  replica.verify();
  const std::string report = world.waiting_report();
  if (world.rank() == 0) std::printf("%s", report.c_str());
  return history["val_accuracy"].back();
}

}  // namespace

int main(int argc, char** argv) {
  return parallel::run([&](parallel::Communicator world) {
    Options options;
    example::Program program("Trains a classifier of handwritten digits on the processes of mpirun.");
    program.option("--epochs", options.epochs, "Passes over the training data");
    program.option("--batch-size", options.batch_size, "Images in a step of all processes together");
    program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
    program.reads_data();
    return program.run(argc, argv, [&] {
      const double result = learn(options, world);
      if (world.rank() == 0) std::printf("test accuracy: %.3f\n", result);
      return example::check(result >= 0.96, "a test accuracy of 0.96");
    });
  });
}
