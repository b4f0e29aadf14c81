// Optimizers of which each rank has a part.

#include <unistd.h>

#include <filesystem>

#include "parallel/models.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;

namespace {

std::unique_ptr<optim::Optimizer> adam(const optim::Parameters& own) {
  return std::make_unique<optim::Adam>(own, optim::AdamOptions{.lr = 0.01});
}

Tensor loss_of(const Mlp& m, int step) {
  Generator g(static_cast<std::uint64_t>(step));
  return nn::mse_loss(m(randn({5, 6}, {.dtype = float64}, g)), ones({5, 2}, float64));
}

/// Elements of tensors in a state.
std::int64_t elements(const StateDict& state) {
  std::int64_t n = 0;
  for (const auto& entry : state)
    if (const Tensor* t = std::get_if<Tensor>(&entry.value); t && t->dim() > 0) n += t->numel();
  return n;
}

}  // namespace

TEST_CASE(
    "a sharded optimizer has the bits of the whole one, and each rank remembers a part of what that does") {
  manual_seed(4);
  const Mlp start;
  Mlp alone = nn::clone(start);
  optim::Adam whole(alone, {.lr = 0.01});
  for (int i = 0; i < 20; ++i) whole.zero_grad(), loss_of(alone, i).backward(), whole.step();

  on_all_ranks([&](Communicator c) {
    Mlp model = nn::clone(start);
    parallel::ShardedOptimizer sharded(model, c, adam);
    for (int i = 0; i < 20; ++i) sharded.zero_grad(), loss_of(model, i).backward(), sharded.step();

    CHECK(same(model, alone));
    Tensor held = tensor({sharded.own() ? elements(state_dict(*sharded.own())) : std::int64_t{0}});
    Tensor most = held.clone();
    c.all_reduce(held), c.all_reduce(most, parallel::Reduce::max);
    CHECK(held.item<std::int64_t>() == elements(state_dict(whole)));
    if (c.size() > 1) CHECK(most.item<std::int64_t>() < elements(state_dict(whole)));
  });
}

TEST_CASE("the parts of any number of ranks are loaded by any other") {
  if (under_mpi()) return;  // which has one number
  const auto folder =
      std::filesystem::temp_directory_path() / ("xgrad-sharded-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  manual_seed(5);
  const Mlp start;
  Mlp alone = nn::clone(start);
  optim::Adam whole(alone, {.lr = 0.01});
  for (int i = 0; i < 8; ++i) whole.zero_grad(), loss_of(alone, i).backward(), whole.step();

  const std::string path = (folder / "adam").string();
  Mlp model = nn::clone(start);
  StateDict weights = state_dict(model);
  int step = 0;
  for (const int ranks : {4, 2, 3, 1}) {  // two steps each
    StateDict after;
    parallel::run_threads(ranks, [&](Communicator c) {
      Mlp own = nn::clone(start);
      load_state_dict(own, weights);
      parallel::ShardedOptimizer sharded(own, c, adam);
      if (step > 0) sharded.load(path);
      for (int i = step; i < step + 2; ++i) sharded.zero_grad(), loss_of(own, i).backward(), sharded.step();
      sharded.save(path);
      if (c.rank() == 0) after = state_dict(own);
    });
    weights = after, step += 2;
  }

  CHECK(same(alone, weights));
  parallel::run_threads(1, [&](Communicator c) {
    parallel::ShardedOptimizer sharded(model, c, adam);
    CHECK(error_of([&] { sharded.step(); }) ==
          "ShardedOptimizer: no parameter has a gradient; call backward() before step()");
    CHECK(error_of([&] {
            sharded.load((folder / "none").string());
          }).find("must have the parts of one number of ranks: there are those of 0") != std::string::npos);
  });
  std::filesystem::remove_all(folder);
}
