// The place in a pass is state.

#include <doctest/doctest.h>

#include "pipelines.hpp"

using namespace xgrad;
using namespace test;
using data::Pipeline;

namespace {

const auto noisy = [](const Tensor& x, Generator& g) {
  return x * 10 + static_cast<std::int64_t>(g.draw() % 10);
};

Numbers of(const data::Batch& batch) { return batch[0].to_vector<std::int64_t>(); }

}  // namespace

TEST_CASE("a pass that is interrupted goes on behind what was delivered, for every kind of stage") {
  const auto even = [](const data::Row& row) { return row[0].item<std::int64_t>() % 2 == 0; };
  const std::vector<data::Stage> kinds{
      data::shuffle() | data::map(noisy) | data::batch(3),
      data::shuffle() | data::map(noisy) | data::batch(3) | data::prefetch(2),
      data::filter(even) | data::shuffle({.buffer = 4}) | data::map(noisy) | data::prefetch(2) |
          data::batch(3),
      data::map(noisy) | data::cache() | data::shuffle({.buffer = 5}) | data::batch(2),
      data::shuffle({.buffer = 5}) | data::repeat(2) | data::batch(3),
  };
  for (std::size_t k = 0; k < kinds.size(); ++k)
    for (const bool by_index : {true, false}) {
      if (!by_index && k < 2) continue;
      CAPTURE(k);
      const auto source = by_index ? counting(23) : streaming(23);
      const Pipeline straight = source.with(Generator(3)) | kinds[k];
      Numbers expected = pass(straight);
      const Numbers next = pass(straight);
      expected.insert(expected.end(), next.begin(), next.end());

      const Pipeline interrupted = source.with(Generator(3)) | kinds[k];
      auto it = interrupted.begin();
      Numbers got = of(*it);
      for (int i = 0; i < 2; ++i)
        for (const auto x : of(*++it)) got.push_back(x);
      Pipeline resumed = source.with(Generator(99)) | kinds[k];
      load_state_dict(resumed, state_dict(interrupted));
      for (int i = 0; i < 2; ++i)
        for (const auto x : pass(resumed)) got.push_back(x);

      CHECK(got == expected);
    }
}

TEST_CASE("a state from between two passes brings the next one") {
  const Pipeline saved = counting(9) | data::shuffle();
  pass(saved);
  Pipeline other = counting(9).with(Generator(1)) | data::shuffle();

  load_state_dict(other, state_dict(saved));

  CHECK(pass(other) == pass(saved));
}

TEST_CASE("a place beyond the end is an error that changes nothing") {
  Pipeline pipeline = counting(9) | data::shuffle();
  StateDict state = state_dict(pipeline);
  state.set("delivered", std::int64_t{10});

  CHECK(error_of([&] { load_state_dict(pipeline, state); }) ==
        "Pipeline: what was delivered must be at most what there is: it is 10 of 9");
}
