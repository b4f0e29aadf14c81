#include "xgrad/data/loader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <ranges>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/state.hpp"

using namespace xgrad;
using data::Loader;
using data::LoaderOptions;
using data::TensorDataset;
using test::error_of;

namespace {

using Numbers = std::vector<std::int64_t>;

TensorDataset counting(std::int64_t n) {
  return TensorDataset(arange(0, 2 * n, 1, {.dtype = float32}).reshape({n, 2}), arange(n));
}

// The targets of every batch in a pass.
std::vector<Numbers> pass(const Loader& loader) {
  std::vector<Numbers> batches;
  for (const auto& [x, y] : loader) batches.push_back(y.to_vector<std::int64_t>());
  return batches;
}

Numbers joined(const std::vector<Numbers>& batches) {
  Numbers all;
  for (const Numbers& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

}  // namespace

static_assert(std::ranges::input_range<const Loader>);

TEST_CASE("batches cover the data set in order") {
  CHECK(pass(Loader(counting(5), {.batch_size = 2})) == std::vector<Numbers>{{0, 1}, {2, 3}, {4}});
  CHECK(Loader(counting(5), {.batch_size = 2}).size() == 3);
}

TEST_CASE("a loader in a range-for takes two names") {
  std::int64_t rows = 0;
  for (const auto& [x, y] : data::Loader(counting(10), {.batch_size = 4, .shuffle = true})) {
    CHECK(x.size(0) == y.size(0));
    for (std::int64_t i = 0; i < y.numel(); ++i) CHECK(x.at({i, 0}) == 2 * y.at({i}));
    rows += y.numel();
  }

  CHECK(rows == 10);
}

TEST_CASE("names of a batch can be changed when the batch is a copy") {
  for (auto [x, y] : Loader(counting(4), {.batch_size = 4})) {
    x = x.reshape({2, 4});
    CHECK(x.shape() == Shape{2, 4});
    CHECK(y.shape() == Shape{4});
  }
}

TEST_CASE("drop_last leaves out a smaller last batch") {
  CHECK(pass(Loader(counting(5), {.batch_size = 2, .drop_last = true})) ==
        std::vector<Numbers>{{0, 1}, {2, 3}});
  CHECK(pass(Loader(counting(4), {.batch_size = 2, .drop_last = true})).size() == 2);
  CHECK(Loader(counting(5), {.batch_size = 2, .drop_last = true}).size() == 2);
}

TEST_CASE("a batch size larger than the data set gives one batch, or none with drop_last") {
  CHECK(pass(Loader(counting(3), {.batch_size = 7})) == std::vector<Numbers>{{0, 1, 2}});
  CHECK(pass(Loader(counting(3), {.batch_size = INT64_MAX, .shuffle = true})).size() == 1);
  CHECK(pass(Loader(counting(3), {.batch_size = 7, .drop_last = true})).empty());
}

TEST_CASE("an empty data set gives no batch") {
  for (const bool shuffle : {false, true}) {
    const Loader loader(TensorDataset(zeros({0, 2}), zeros({0})), {.batch_size = 2, .shuffle = shuffle});

    CHECK(loader.size() == 0);
    CHECK(pass(loader).empty());
  }
}

TEST_CASE("batches in order share the memory of the data set") {
  const TensorDataset set = counting(6);
  const float* expected = set.features().data<float>().data();

  for (const auto& [x, y] : Loader(set, {.batch_size = 2})) {
    CHECK(x.data<float>().data() == expected);
    expected += 4;
  }
}

TEST_CASE("shuffled batches hold every example once") {
  const auto batches = pass(Loader(counting(100), {.batch_size = 7, .shuffle = true}));
  Numbers all = joined(batches);
  Numbers expected(100);
  std::iota(expected.begin(), expected.end(), 0);

  CHECK(batches.size() == 15);
  CHECK(all != expected);
  std::sort(all.begin(), all.end());
  CHECK(all == expected);
}

TEST_CASE("the order follows PyTorch's DataLoader") {
  // Independent of ours: the generator's seed for its workers, then the seed of the sampler, both of 64 bits
  // with the sign cleared, and Fisher and Yates from a Mersenne Twister with that seed (torch.randperm).
  std::mt19937 first(42);
  for (int i = 0; i < 2; ++i) first();
  const std::uint64_t high = first();
  const std::uint64_t seed = (high << 32 | first()) & INT64_MAX;
  std::mt19937 second(static_cast<std::uint32_t>(seed));
  Numbers expected(10);
  std::iota(expected.begin(), expected.end(), 0);
  for (std::size_t i = 0; i < 9; ++i) std::swap(expected[i], expected[i + second() % (10 - i)]);

  CHECK(joined(pass(Loader(counting(10), {.batch_size = 3, .shuffle = true, .generator = Generator(42)}))) ==
        expected);
}

TEST_CASE("the default generator gives each pass a new order") {
  const Loader loader(counting(50), {.batch_size = 8, .shuffle = true});
  manual_seed(3);
  const auto first = pass(loader);
  const auto second = pass(loader);
  manual_seed(3);

  CHECK(first != second);
  CHECK(pass(loader) == first);
  CHECK(pass(loader) == second);
}

TEST_CASE("a generator of its own makes the order independent of the default one") {
  const auto order = [](std::uint64_t seed_of_default) {
    manual_seed(seed_of_default);
    return pass(Loader(counting(50), {.batch_size = 8, .shuffle = true, .generator = Generator(7)}));
  };

  CHECK(order(1) == order(2));
}

TEST_CASE("a loader in order draws no random number") {
  manual_seed(3);
  const std::string before = default_generator().state();
  pass(Loader(counting(5), {.batch_size = 2}));

  CHECK(default_generator().state() == before);
}

TEST_CASE("a pass outlives its loader and its data set") {
  auto place = Loader(counting(4), {.batch_size = 2, .shuffle = true}).begin();
  std::int64_t rows = 0;
  for (; place != std::default_sentinel; ++place) rows += place->get<1>().numel();

  CHECK(rows == 4);
}

TEST_CASE("a batch that is kept does not change when the pass goes on") {
  std::vector<Tensor> kept;
  for (const auto& [x, y] : Loader(counting(4), {.batch_size = 2})) kept.push_back(y);

  CHECK(kept[0].to_vector<std::int64_t>() == Numbers{0, 1});
  CHECK(kept[1].to_vector<std::int64_t>() == Numbers{2, 3});
}

TEST_CASE("data sets of other than two tensors are read by index") {
  const Tensor x = zeros({4, 2});
  for (const auto& batch : Loader(TensorDataset{x, x, arange(4)}, {.batch_size = 3})) {
    CHECK(batch.size() == 3);
    CHECK(batch[2].numel() == batch[0].size(0));
  }
  const Loader one(TensorDataset{x});
  const auto batch = *one.begin();

  CHECK(batch[0].shape() == Shape{1, 2});
  CHECK(error_of([&] { batch.get<0>(); }) ==
        "Batch: two names take a batch of two tensors; use batch[i]: it has 1");
}

#ifndef __SANITIZE_ADDRESS__  // under which every block comes from the system
TEST_CASE("a steady pass takes no memory from the system") {
  const Loader loader(TensorDataset(zeros({512, 64}), arange(512)), {.batch_size = 64, .shuffle = true});
  for (int epoch = 0; epoch < 2; ++epoch) pass(loader);
  const std::int64_t before = memory_stats().system_calls;
  for (int epoch = 0; epoch < 10; ++epoch)
    for (const auto& [x, y] : loader) CHECK(x.size(0) == 64);

  CHECK(memory_stats().system_calls == before);
}
#endif

TEST_CASE("batch sizes below 1") {
  CHECK(error_of([] { Loader(counting(4), {.batch_size = 0}); }) ==
        "Loader: the batch size must be at least 1: it is 0");
  CHECK(error_of([] { Loader(counting(4), {.batch_size = -3}); }) ==
        "Loader: the batch size must be at least 1: it is -3");
}

TEST_CASE("a loader that has been moved from says so, and can be assigned to") {
  data::Loader from(data::TensorDataset({arange(4.)}), {.batch_size = 2});
  data::Loader to = std::move(from);
  const char* moved = "Loader: it has been moved from; assign another one to it, or make a new one";

  CHECK_THROWS_WITH_AS(from.begin(), moved, Error);             // NOLINT(bugprone-use-after-move)
  CHECK_THROWS_WITH_AS(state_dict(from), moved, Error);         // NOLINT(bugprone-use-after-move)
  CHECK_THROWS_WITH_AS(data::Loader copy(from), moved, Error);  // NOLINT(bugprone-use-after-move)
  from = to;
  CHECK((*from.begin())[0].to_vector<double>() == std::vector<double>{0, 1});
}
