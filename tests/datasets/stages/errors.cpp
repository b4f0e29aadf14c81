#include <doctest/doctest.h>

#include <exception>

#include "pipelines.hpp"

using namespace xgrad;
using namespace test;
using data::Pipeline;
using data::Row;

namespace {

struct OddRow : std::runtime_error {
  OddRow() : std::runtime_error("odd") {}
};

const auto refuse_five = [](const Tensor& x) {
  if (x.item<std::int64_t>() == 5) throw OddRow();
  return x;
};

}  // namespace

TEST_CASE("an exception of a function reaches the caller with its row, for any number of workers") {
  for (const int workers : {0, 1, 3})
    for (const int size : {1, 3}) {
      const Pipeline rows =
          counting(9) | data::map(refuse_five) | data::batch(size) | data::prefetch(workers);
      Numbers got;
      CHECK(error_of([&] {
              for (const auto& batch : rows)
                for (const auto i : batch[0].to_vector<std::int64_t>()) got.push_back(i);
            }) == "map: odd: at row 5");
      CHECK(got == range(0, 5 / size * size));
    }
}

TEST_CASE("what was thrown is nested in the error") {
  const Pipeline rows = counting(9) | data::map(refuse_five);
  bool found = false;
  try {
    for ([[maybe_unused]] const auto& row : rows) {
    }
  } catch (const Error& error) {
    try {
      std::rethrow_if_nested(error);
    } catch (const OddRow&) {
      found = true;
    }
  }
  CHECK(found);
}

TEST_CASE("going on behind an error leaves its row out") {
  for (const int workers : {0, 2}) {
    const Pipeline rows = counting(8) | data::map(refuse_five) | data::prefetch(workers);
    Numbers got;
    auto it = rows.begin();
    while (it != rows.end()) {
      got.push_back((*it)[0].item<std::int64_t>());
      try {
        ++it;
      } catch (const Error&) {
        ++it;
      }
    }
    CHECK(got == Numbers{0, 1, 2, 3, 4, 6, 7});
  }
}

TEST_CASE("a row that the source or a filter fails at is named") {
  struct Damaged : Counting {
    using Counting::Counting;
    Row row(std::int64_t i) const override {
      if (i == 2) throw Error("disk: a block must be readable");
      return Counting::row(i);
    }
  };
  CHECK(error_of([] { pass(Pipeline(std::make_shared<Damaged>(4)) | data::batch(2)); }) ==
        "Source: disk: a block must be readable: at row 2");
  CHECK(error_of([] {
          pass(streaming(4) |
               data::filter([](const Row& row) -> bool { throw std::runtime_error(row[0].describe()); }) |
               data::prefetch(2));
        }) == "filter: i64[]: at row 0");
}

TEST_CASE("a pass that is left while workers are busy ends") {
  for (int i = 0; i < 20; ++i) {
    const Pipeline rows = counting(1000) | data::map(refuse_five) | data::repeat() | data::prefetch(3);
    auto it = rows.begin();
    ++it;
  }
}

TEST_CASE("misuses of stages say what to do") {
  const std::string index =
      ": it needs rows by index, which a reader, a filter, a shuffle with a buffer and prefetch do not give; "
      "put "
      "it before them, or shuffle by a buffer";
  const auto says = [](auto f, const std::string& message) { CHECK(error_of(f) == message); };

  says([] { streaming(3) | data::shuffle(); }, "shuffle" + index);
  says([] { counting(3) | data::prefetch(1) | data::shuffle(); }, "shuffle" + index);
  says([] { streaming(3) | data::sample(data::random_sampler()); }, "sample" + index);
  says([] { streaming(3) | data::shard(0, 1); }, "shard" + index);
  says([] { data::batch(0); }, "batch: the size must be at least 1: it is 0");
  says([] { data::take(-1); }, "take: the number of rows must not be negative: it is -1");
  says([] { data::repeat(-1); }, "repeat: the number must not be negative: it is -1");
  says([] { data::shuffle({.buffer = -1}); }, "shuffle: the buffer must not be negative: it is -1");
  says([] { data::shard(2, 2); }, "shard: the rank must lie in [0, size): it is 2 of 2");
  says([] { data::prefetch(-1); }, "prefetch: the number of workers must lie in 0 to 1024: it is -1");
  says([] { data::prefetch(1, {.ahead = -1}); },
       "prefetch: the rows ahead must not be negative: they are -1");
  says([] { data::concat({}); }, "concat: it needs a source: there is none");
  says([] { data::sample({}); }, "sample: a sampler needs both its functions: one is empty");
  says([] { data::batch(2, {.collate = data::stack_rows, .padding = 0}); },
       "batch: a collate function and padding exclude each other; leave one out");
  says(
      [] {
        data::zip({counting(2), counting(3)});
      },
      "zip: the sources must have equally many rows; take the first ones: they have 2 and 3");
  says(
      [] {
        pass(data::zip({counting(3), streaming(2)}));
      },
      "zip: the sources must have equally many rows; take the first ones: one ends after 2");
  says([] { pass(counting(2) | data::sample(data::random_sampler({.num_samples = 3}))); },
       "random_sampler: without replacement num_samples must be at most the rows: it is 3 of 2");
  says([] { pass(counting(2) | data::sample(data::weighted_sampler(ones({3}), 3))); },
       "weighted_sampler: there must be one weight a row: there are 3 for 2 rows");
  says([] { pass(counting(2) | data::sample(data::stratified_sampler(arange(3)))); },
       "stratified_sampler: there must be one label a row: there are 3 for 2 rows");
  says([] { data::stratified_sampler(ones({3})); },
       "stratified_sampler: classes, int64 of one axis, are expected: they are f32[3]");
  says(
      [] {
        pass(counting(3) | data::map([](const Tensor& x) { return zeros({x.item<std::int64_t>()}); }) |
             data::batch(3));
      },
      "batch: stack_rows: the rows of a batch must have the same shapes and dtypes; fill them up with "
      ".padding, or "
      "give .collate: row 0 is f32[0] and row 1 is f32[1]: at row 0");
  says([] { data::Pipeline(std::shared_ptr<const data::Source>()); },
       "Pipeline: a source is expected: the pointer is null");
}
