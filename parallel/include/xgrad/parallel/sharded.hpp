#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/optim/optimizer.hpp"
#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel {

/// An optimizer of which each rank has a part: of the parameters, each with all that is remembered about it,
/// so that this memory is divided by the number of ranks. A step updates the own parameters and gives them to
/// the others. Stage 1 of ZeRO, Rajbhandari et al., 2020, with whole parameters as parts, so that methods
/// which look at a whole one (LAMB, Muon) may be sharded, and steps have the bits of the optimizer itself.
///
///     parallel::ShardedOptimizer adam(model, world, [](const optim::Parameters& own) {
///       return std::make_unique<optim::Adam>(own, optim::AdamOptions{.lr = 1e-3});
///     });
///     ...
///     replica.backward(loss), adam.step();
///
/// Gradients must be the same on all ranks, as those of Replica are. With train::fit it is the function that
/// makes the steps: `[&] { adam.step(); }`.
class ShardedOptimizer {
 public:
  using Make = std::function<std::unique_ptr<optim::Optimizer>(const optim::Parameters&)>;

  /// `make` makes the optimizer of this rank's parameters; not called where it has none. All ranks must make
  /// one of the same parameters, which are dealt out by size, the largest first, each to the rank that has
  /// least.
  ShardedOptimizer(const optim::Parameters& parameters, const Communicator& communicator, const Make& make);

  /// Updates all parameters on all ranks. Throws Error where no parameter has a gradient, and as the
  /// optimizer does. All ranks must call it.
  void step();
  void zero_grad();
  void set_lr(double lr);

  /// The optimizer of this rank's parameters; null where it has none.
  optim::Optimizer* own() { return own_.get(); }
  /// The rank that updates a parameter, by its place in the list.
  int owner(std::size_t parameter) const { return owners_[parameter]; }

  /// Each rank writes its part to a file of its own, "path.rank-1-of-4.safetensors". All ranks must call it.
  void save(const std::string& path);
  /// Reads the parts that any number of ranks has saved: each rank takes what belongs to its parameters.
  /// Throws Error where a part is missing, and as files::load. All ranks must call it, and see all files.
  void load(const std::string& path);

 private:
  std::vector<NamedTensor> parameters_;
  std::vector<int> owners_;
  std::unique_ptr<optim::Optimizer> own_;
  Communicator communicator_;
};

}  // namespace xgrad::parallel
