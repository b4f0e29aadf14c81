// train::fit on several ranks.

#include <algorithm>

#include "parallel/models.hpp"
#include "xgrad/train.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;

namespace {

data::TensorDataset examples() {
  Generator g(8);
  const Tensor x = randn({48, 6}, {.dtype = float64}, g);
  return {x, tanh(x.slice(1, 0, 2) * 2)};
}

/// The batches of one rank: `whole` rows of all ranks in a step.
data::Pipeline batches(int rank, int size, std::int64_t whole) {
  return (data::from(examples()) | data::shuffle() | data::shard(rank, size) | data::batch(whole / size))
      .with(Generator(9));
}

/// Sees the losses that later callbacks would.
train::History fit(Mlp& model, const data::Pipeline& data, std::vector<train::AnyCallback> callbacks,
                   train::Show show, std::int64_t accumulate) {
  optim::Adam adam(model, {.lr = 0.02});
  return train::fit(model, nn::mse_loss, adam, data,
                    {.epochs = 5,
                     .validation = examples(),
                     .accumulate = accumulate,
                     .clip_norm = 0.5,
                     .callbacks = std::move(callbacks),
                     .show = show});
}

void check_close(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-11));
}

}  // namespace

TEST_CASE("fit on several ranks is fit of the whole batch: weights, clipping, losses and validation") {
  manual_seed(6);
  const Mlp start;
  for (const std::int64_t accumulate : {1, 2}) {
    Mlp alone = nn::clone(start);
    const train::History expected = fit(alone, batches(0, 1, 12), {}, train::Show::nothing, accumulate);
    on_all_ranks([&](Communicator c) {
      Mlp model = nn::clone(start);
      parallel::Replica replica(model, c);
      const train::History history = fit(model, batches(c.rank(), c.size(), 12),
                                         {parallel::Together(replica, c)}, train::Show::nothing, accumulate);
      CHECK(difference(model, alone) < 1e-12);
      for (const char* name : {"loss", "val_loss"}) check_close(history[name], expected[name]);
      const auto texts = c.all_gather_texts(history.str());
      for (const std::string& text : texts) CHECK(text == texts[0]);
      replica.verify();
    });
  }
}

TEST_CASE("the shards of a seeded pass are each row once") {
  on_ranks({2, 3, 4}, [](Communicator c) {
    const Tensor rows = randperm(48, {}, Generator(1)).reshape({48, 1});
    const auto own = (data::from(data::TensorDataset({rows})) | data::shuffle() |
                      data::shard(c.rank(), c.size()) | data::batch(48 / c.size()))
                         .with(Generator(2));
    for (int pass = 0; pass < 2; ++pass) {
      std::vector<std::int64_t> all;
      for (const auto& batch : own) all = c.all_gather(batch[0]).to_vector<std::int64_t>();
      std::ranges::sort(all);
      REQUIRE(all.size() == 48);
      for (std::size_t i = 0; i < 48; ++i) CHECK(all[i] == static_cast<std::int64_t>(i));
    }
  });
}

TEST_CASE("only rank 0 shows a training") {
  on_ranks({2}, [](Communicator c) {
    CHECK(parallel::show(c) == (c.rank() == 0 ? train::Show::automatic : train::Show::nothing));
  });
}
