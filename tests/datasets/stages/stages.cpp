// What each stage delivers, behind a source by index and behind one that can only be read.

#include "xgrad/data/stages.hpp"

#include <doctest/doctest.h>

#include "pipelines.hpp"

using namespace xgrad;
using namespace test;
using data::Pipeline;
using data::Row;

namespace {

const auto square = [](const Tensor& x) { return x * x; };
const auto is_even = [](const Row& row) { return row[0].item<std::int64_t>() % 2 == 0; };

}  // namespace

TEST_CASE("stages deliver the same behind a source by index and behind a reader") {
  struct Case {
    data::Stage stage;
    Numbers delivers;
    std::optional<std::int64_t> size;
  };
  const std::vector<Case> cases{
      {data::map(square), {0, 1, 4, 9, 16}, 5},
      {data::filter(is_even), {0, 2, 4}, {}},
      {data::take(3), {0, 1, 2}, 3},
      {data::take(9), {0, 1, 2, 3, 4}, 5},
      {data::repeat(2), {0, 1, 2, 3, 4, 0, 1, 2, 3, 4}, 10},
      {data::repeat(0), {}, 0},
      {data::repeat() | data::take(7), {0, 1, 2, 3, 4, 0, 1}, {}},
      {data::cache(), {0, 1, 2, 3, 4}, 5},
      {data::batch(2), {0, 1, 2, 3, 4}, 3},
      {data::batch(2, {.drop_last = true}), {0, 1, 2, 3}, 2},
      {data::batch(2) | data::map(square) | data::take(2), {0, 1, 4, 9}, 2},
      {data::prefetch(2), {0, 1, 2, 3, 4}, 5},
      {data::prefetch(0), {0, 1, 2, 3, 4}, 5},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    CHECK(pass(counting(5) | cases[i].stage) == cases[i].delivers);
    CHECK(pass(streaming(5) | cases[i].stage) == cases[i].delivers);
    CHECK((counting(5) | cases[i].stage).size() == cases[i].size);
    CHECK_FALSE((streaming(5) | cases[i].stage).size() > cases[i].size);
  }
}

TEST_CASE("a stage may be made of two, and a pipeline gone through again") {
  const auto both = data::map(square) | data::batch(2);
  const Pipeline batches = counting(3) | both;

  CHECK(pass(batches) == Numbers{0, 1, 4});
  CHECK(pass(batches) == Numbers{0, 1, 4});
  const auto it = batches.begin();
  CHECK((*it)[0].shape() == Shape{2});
}

TEST_CASE("sources are put behind each other and beside each other") {
  CHECK(pass(data::concat({counting(2), counting(3)})) == Numbers{0, 1, 0, 1, 2});
  CHECK(pass(data::concat({counting(2), streaming(3)})) == Numbers{0, 1, 0, 1, 2});
  CHECK(data::concat({counting(2), counting(3)}).size() == 5);
  CHECK(pass(data::zip({counting(2), counting(2) | data::map(square)})) == Numbers{0, 0, 1, 1});
  CHECK(pass(data::zip({counting(2), streaming(2)})) == Numbers{0, 0, 1, 1});
}

TEST_CASE("a cache makes each row once, for all passes and copies") {
  int calls = 0;
  const auto count = [&](Row row) {
    ++calls;
    return row;
  };
  for (const Pipeline& source : {counting(4), streaming(4)}) {
    calls = 0;
    const Pipeline kept = source | data::map(std::function<Row(Row)>(count)) | data::cache();
    const Pipeline copy = kept;

    CHECK(pass(kept) == Numbers{0, 1, 2, 3});
    CHECK(pass(copy) == Numbers{0, 1, 2, 3});
    CHECK(calls == 4);
  }
}

TEST_CASE("sequences of different length are filled up, and their lengths follow") {
  const auto sequence = [](Row row) { return Row{arange(row[0].item<std::int64_t>()), row[0]}; };
  const Pipeline batches =
      counting(3) | data::map(std::function<Row(Row)>(sequence)) | data::batch(3, {.padding = -1});

  const data::Batch batch = *batches.begin();

  CHECK(batch.size() == 3);
  CHECK(batch[0].shape() == Shape{3, 2});
  CHECK(batch[0].to_vector<std::int64_t>() == Numbers{-1, -1, 0, -1, 0, 1});
  CHECK(batch[1].to_vector<std::int64_t>() == Numbers{0, 1, 2});
  CHECK(batch[2].to_vector<std::int64_t>() == Numbers{0, 1, 2});
}

TEST_CASE("a batch is made by a function of one's own") {
  const auto sum = [](std::span<const Row> rows) {
    Tensor all = rows[0][0];
    for (const Row& row : rows.subspan(1)) all = all + row[0];
    return Row{all};
  };

  CHECK(pass(counting(5) | data::batch(2, {.collate = sum})) == Numbers{1, 5, 4});
}

TEST_CASE("a data set is a source, and a batch of rows that follow each other shares its memory") {
  const data::TensorDataset set(arange(6, float32).reshape({3, 2}), arange(3));
  const Pipeline batches = data::from(set) | data::batch(2);

  const auto it = batches.begin();
  const auto& [x, y] = *it;

  CHECK(x.data<float>().data() == set.features().data<float>().data());
  CHECK(y.to_vector<std::int64_t>() == Numbers{0, 1});
  CHECK(batches.size() == 2);
  CHECK(pass(data::from(set)) == Numbers{0, 1, 0, 2, 3, 1, 4, 5, 2});
}

TEST_CASE("what is made of a row is not recorded") {
  const Tensor w = ones({}, {.requires_grad = true});
  const Pipeline scaled = counting(2) | data::map([&](const Tensor& x) { return x * w; });

  const auto it = scaled.begin();
  CHECK_FALSE((*it)[0].requires_grad());
}
