// Orders and random transforms: seeds, workers, samplers.

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "pipelines.hpp"
#include "xgrad/data/loader.hpp"

using namespace xgrad;
using namespace test;
using data::Pipeline;
using data::Row;

namespace {

/// x * 1000 + a number from the row's generator.
const auto noisy = [](const Tensor& x, Generator& g) {
  return x * 1000 + static_cast<std::int64_t>(g.draw() % 1000);
};

}  // namespace

TEST_CASE("a shuffled pipeline delivers the batches of a Loader") {
  const data::TensorDataset set(arange(22, float32).reshape({11, 2}), arange(11));
  const data::Loader loader(set, {.batch_size = 3, .shuffle = true, .generator = Generator(3)});
  const Pipeline pipeline = data::from(set).with(Generator(3)) | data::shuffle() | data::batch(3);

  for (int epoch = 0; epoch < 3; ++epoch) {
    Numbers expected;
    for (const auto& batch : loader)
      for (const Tensor& t : batch.tensors())
        for (const auto i : t.to_vector<std::int64_t>()) expected.push_back(i);
    CHECK(pass(pipeline) == expected);
  }
}

TEST_CASE("order and random transforms are the same for any number of workers") {
  const auto stages = [](int workers) {
    return data::shuffle() | data::map(noisy) | data::batch(4) | data::map(noisy) | data::prefetch(workers);
  };
  const auto buffered = [](int workers) {
    return data::map(noisy) | data::shuffle({.buffer = 8}) | data::map(noisy) | data::prefetch(workers);
  };
  Numbers indexed, streamed;
  for (const int workers : {0, 1, 2, 5}) {
    const Pipeline a = counting(40) | stages(workers), b = streaming(40) | buffered(workers);
    Numbers in = pass(a), st = pass(b);
    const Numbers second = pass(a);
    CHECK(second != in);
    in.insert(in.end(), second.begin(), second.end());
    if (indexed.empty()) indexed = in, streamed = st;
    CHECK(in == indexed);
    CHECK(st == streamed);
  }
}

TEST_CASE("each row and each stage has random numbers of its own") {
  const Pipeline twice =
      counting(50) |
      data::map([](const Tensor&, Generator& g) { return full({}, static_cast<std::int64_t>(g.draw())); }) |
      data::map([](Row row, Generator& g) {
        return Row{row[0], full({}, static_cast<std::int64_t>(g.draw()))};
      });
  const Numbers drawn = pass(twice);

  CHECK(std::set<std::int64_t>(drawn.begin(), drawn.end()).size() == 100);
}

TEST_CASE("a shuffle is a permutation, another one in each pass and each repetition") {
  const Pipeline whole = counting(30) | data::shuffle(),
                 buffer = streaming(30) | data::shuffle({.buffer = 7});
  for (const Pipeline& shuffled : {whole, buffer}) {
    const Numbers first = pass(shuffled), second = pass(shuffled);
    CHECK(sorted(first) == range(0, 30));
    CHECK(sorted(second) == range(0, 30));
    CHECK(first != second);
    CHECK(first != range(0, 30));
    const Numbers both = pass(shuffled | data::repeat(2));
    CHECK(Numbers(both.begin(), both.begin() + 30) != Numbers(both.begin() + 30, both.end()));
  }
}

TEST_CASE("a row waits in a buffer's shuffle for the rows before it to be drawn") {
  const Numbers order = pass(streaming(100) | data::shuffle({.buffer = 5}));

  for (std::size_t i = 0; i < order.size(); ++i) CHECK(order[i] <= static_cast<std::int64_t>(i) + 4);
}

TEST_CASE("samplers draw what they say") {
  const Numbers with =
      pass(counting(10) | data::sample(data::random_sampler({.replacement = true, .num_samples = 200})));
  CHECK(with.size() == 200);
  CHECK(std::set<std::int64_t>(with.begin(), with.end()).size() == 10);
  const Numbers without = pass(counting(10) | data::sample(data::random_sampler({.num_samples = 6})));
  CHECK(std::set<std::int64_t>(without.begin(), without.end()).size() == 6);

  std::map<std::int64_t, int> counts;
  for (const auto i : pass(counting(3) | data::sample(data::weighted_sampler(tensor({1.0, 0.0, 3.0}), 4000))))
    ++counts[i];
  CHECK(counts[1] == 0);
  CHECK(counts[0] > 1000 - 4 * 28);  // four standard deviations of sqrt(4000 / 4 * 3 / 4)
  CHECK(counts[0] < 1000 + 4 * 28);
}

TEST_CASE("a stratified order holds the classes in their shares everywhere") {
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 90; ++i) labels.push_back(i < 60 ? 0 : i < 81 ? 1 : 2);
  const Pipeline order = counting(90) | data::sample(data::stratified_sampler(tensor(labels)));

  const Numbers first = pass(order);

  CHECK(sorted(first) == range(0, 90));
  CHECK(pass(order) != first);
  std::map<std::int64_t, int> seen;
  for (std::size_t i = 0; i < 90; ++i) {
    ++seen[labels[static_cast<std::size_t>(first[i])]];
    // Class 0 has a place in each of 60 parts of the pass; the others may be one ahead or behind.
    CHECK(std::abs(seen[0] - 2.0 / 3 * static_cast<double>(i + 1)) < 3);
  }
}

TEST_CASE("shards part the rows of one order among processes") {
  std::multiset<std::int64_t> all, even;
  for (int rank = 0; rank < 3; ++rank) {
    const Numbers mine = pass(counting(10) | data::shuffle() | data::shard(rank, 3));
    CHECK(mine.size() == 4);
    all.insert(mine.begin(), mine.end());
    const Numbers dropped = pass(data::shard(counting(10) | data::shuffle(), rank, 3, {.drop_last = true}));
    CHECK(dropped.size() == 3);
    even.insert(dropped.begin(), dropped.end());
  }
  CHECK(std::set<std::int64_t>(all.begin(), all.end()).size() == 10);
  CHECK(std::set<std::int64_t>(even.begin(), even.end()).size() == 9);
  CHECK(pass(counting(5) | data::shard(1, 2)) == Numbers{1, 3, 0});
}

TEST_CASE("what is random before a cache is drawn from its seed") {
  const auto noise = [&](std::uint64_t seed) { return data::map(noisy) | data::cache({.seed = seed}); };
  const Pipeline kept = counting(9) | noise(1);
  const Numbers first = pass(kept);

  CHECK(pass(kept) == first);
  CHECK(pass(counting(9) | noise(1) | data::prefetch(2)) == first);
  CHECK(pass(counting(9) | noise(2)) != first);
}

TEST_CASE("a pipeline without anything random draws nothing") {
  Generator g(5);
  const std::string before = g.state();
  pass(counting(9).with(g) | data::map([](const Tensor& x) { return x; }) | data::batch(2));

  CHECK(g.state() == before);
}
