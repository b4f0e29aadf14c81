// The state of a loader: a pass that was interrupted goes on where it was.

#include <doctest/doctest.h>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/state.hpp"
#include "xgrad/data/loader.hpp"

using namespace xgrad;
using data::Loader;
using data::LoaderOptions;
using data::TensorDataset;
using test::error_of;

namespace {

using Numbers = std::vector<std::int64_t>;
using Batches = std::vector<Numbers>;

constexpr std::int64_t n = 11;

TensorDataset counting(std::int64_t size = n) {
  return TensorDataset(arange(0, 2 * size, 1, {.dtype = float32}).reshape({size, 2}), arange(size));
}

Numbers targets(const data::Batch& batch) { return batch.get<1>().to_vector<std::int64_t>(); }

Batches pass(const Loader& loader) {
  Batches batches;
  for (const auto& batch : loader) batches.push_back(targets(batch));
  return batches;
}

/// The rest of the passes of a loader that is left in the given pass behind the given number of batches, when
/// its state goes on in another one.
Batches resumed(const LoaderOptions& options, std::uint64_t seed, int passes, int in_pass,
                std::int64_t behind) {
  LoaderOptions first = options, second = options;
  first.generator = Generator(seed), second.generator = Generator(99);
  const Loader interrupted(counting(), first);
  for (int i = 0; i < in_pass; ++i) pass(interrupted);
  auto place = interrupted.begin();
  for (std::int64_t i = 1; i < behind; ++i) ++place;
  Loader loader(counting(), second);
  load_state_dict(loader, state_dict(interrupted));

  Batches rest;
  for (int i = in_pass; i < passes; ++i)
    for (const Numbers& batch : pass(loader)) rest.push_back(batch);
  return rest;
}

/// The same from a loader that was not interrupted.
Batches straight(const LoaderOptions& options, std::uint64_t seed, int passes, int in_pass,
                 std::int64_t behind) {
  LoaderOptions its = options;
  its.generator = Generator(seed);
  const Loader loader(counting(), its);
  Batches all;
  for (int i = 0; i < passes; ++i)
    for (const Numbers& batch : pass(loader)) all.push_back(batch);
  all.erase(all.begin(), all.begin() + in_pass * loader.size() + behind);
  return all;
}

}  // namespace

TEST_CASE("a loader that is interrupted and goes on delivers the batches of one that is not") {
  for (const bool shuffle : {false, true})
    for (const bool drop_last : {false, true})
      for (const int in_pass : {0, 1})
        for (std::int64_t behind = 1; behind <= (drop_last ? 3 : 4); ++behind) {
          const LoaderOptions options{.batch_size = 3, .shuffle = shuffle, .drop_last = drop_last};
          CHECK(resumed(options, 7, 4, in_pass, behind) == straight(options, 7, 4, in_pass, behind));
        }
}

TEST_CASE("between two passes the next one is the one that would have come") {
  const Loader saved(counting(), {.batch_size = 3, .shuffle = true, .generator = Generator(7)});
  pass(saved);
  Loader loader(counting(), {.batch_size = 3, .shuffle = true, .generator = Generator(8)});

  load_state_dict(loader, state_dict(saved));

  CHECK(pass(loader) == pass(saved));
}

TEST_CASE("a state from before the first pass brings back the first pass, also in the middle of another") {
  Loader loader(counting(), {.batch_size = 3, .shuffle = true, .generator = Generator(7)});
  const StateDict start = state_dict(loader);
  const Batches first = pass(loader);
  auto place = loader.begin();
  ++place;

  load_state_dict(loader, start);
  ++place;  // of a pass that has nothing to say any more

  CHECK(same(loader, start));
  CHECK(pass(loader) == first);
}

TEST_CASE("a pass goes on once, and in one loader only") {
  Loader loader(counting(), {.batch_size = 3});
  auto place = loader.begin();
  ++place;
  const StateDict state = state_dict(loader);

  load_state_dict(loader, state);
  const Loader copy = loader;

  CHECK(pass(loader) == Batches{{6, 7, 8}, {9, 10}});
  CHECK(pass(loader).size() == 4);
  CHECK(pass(copy) == Batches{{6, 7, 8}, {9, 10}});
}

TEST_CASE("without a load, a pass that was left starts anew") {
  const Loader loader(counting(), {.batch_size = 3});
  auto place = loader.begin();
  ++place;

  CHECK(targets(*loader.begin()) == Numbers{0, 1, 2});
}

TEST_CASE("an older pass that goes on does not move the place") {
  const Loader loader(counting(), {.batch_size = 3});
  auto older = loader.begin();
  auto latest = loader.begin();

  ++older, ++older;

  CHECK(state_dict(loader).get<std::int64_t>("rows") == 3);
  ++latest;
  CHECK(state_dict(loader).get<std::int64_t>("rows") == 6);
}

TEST_CASE("a state has the place and, with shuffle, the order and the generator") {
  const auto names_of = [](const Loader& loader) {
    std::vector<std::string> names;
    for (const auto& [name, value] : state_dict(loader)) names.push_back(name);
    return names;
  };
  const Loader shuffled(counting(), {.batch_size = 3, .shuffle = true});
  CHECK(names_of(Loader(counting())) == std::vector<std::string>{"rows", "examples"});
  CHECK(names_of(shuffled) == std::vector<std::string>{"rows", "order", "generator", "examples"});

  CHECK_FALSE(state_dict(shuffled).get<Tensor>("order").defined());
  auto place = shuffled.begin();
  CHECK(state_dict(shuffled).get<Tensor>("order").shape() == Shape{n});
  CHECK(state_dict(shuffled).get<std::int64_t>("rows") == 3);
  while (place != std::default_sentinel) ++place;
  CHECK(state_dict(shuffled).get<std::int64_t>("rows") == 0);
  CHECK_FALSE(state_dict(shuffled).get<Tensor>("order").defined());
}

TEST_CASE("a pass may go on in batches of another size") {
  Loader by_three(counting(), {.batch_size = 3}), by_four(counting(), {.batch_size = 4, .drop_last = true});
  const auto place = by_three.begin();

  load_state_dict(by_four, state_dict(by_three));

  CHECK(pass(by_four) == Batches{{3, 4, 5, 6}, {7, 8, 9, 10}});
}

TEST_CASE("a state that is not of this loader is an error that changes nothing") {
  Loader loader(counting(), {.batch_size = 3, .shuffle = true, .generator = Generator(7)});
  const auto place = loader.begin();
  const StateDict before = state_dict(loader);
  const auto with = [&](const char* name, StateValue value) {
    StateDict state = before;
    state.set(name, std::move(value));
    const std::string message = error_of([&] { load_state_dict(loader, state); });
    CHECK(same(loader, before));
    return message;
  };
  const std::string once = "Loader: the order of a pass must name each of the 11 examples once: it is ";

  CHECK(error_of([&] { load_state_dict(loader, state_dict(Loader(counting(5), {.shuffle = true}))); }) ==
        "load_state_dict: the states do not match: 'examples' is the integer 5 in the state, the integer 11 "
        "in the "
        "target; both must have the same names, types and shapes");
  CHECK(error_of([&] {
          load_state_dict(loader, state_dict(Loader(counting())));
        }).find("'order' is missing in the state; 'generator' is missing in the state") != std::string::npos);
  CHECK(with("rows", 12) == "Loader: the rows delivered must be at most the examples: they are 12 of 11");
  CHECK(with("rows", -1) == "Loader: the rows delivered must be at most the examples: they are -1 of 11");
  CHECK(with("order", Tensor()) ==
        "Loader: an order is expected where a pass has begun: it is undefined after 3 rows");
  CHECK(with("order", arange(10)) == once + "i64[10]");
  CHECK(with("order", arange(1, 12)) == once + "i64[11]");
  CHECK(with("order", arange(-1, 10)) == once + "i64[11]");
  CHECK(with("order", zeros({11}, {.dtype = int64})) == once + "i64[11]");
  CHECK(with("order", zeros({11})) == once + "f32[11]");
  CHECK(same(loader, before));
}
