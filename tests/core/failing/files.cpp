// A file for which there is no memory is not loaded in part, and not written in part.

#include "xgrad/files.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/failing/failing.hpp"
#include "datasets/files.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using ::test::Folder;
using xgrad::test::fail_everywhere;

namespace {

constexpr std::int64_t n = 20'000;  // elements whose memory comes from the system, not from a free list

struct State {
  Tensor weight = zeros({n}), wide = zeros({n}, {.dtype = float64}), mask = zeros({7}, {.dtype = boolean}),
         lazy;
  std::string text = "a text that is too long to lie inside of a string";
  std::int64_t epoch = 0;

  void visit(Visitor& v) {
    v("weight", weight), v("wide", wide), v("mask", mask), v.lazy("lazy", lazy), v("text", text),
        v("epoch", epoch);
  }
};

State other() {
  State state;
  state.weight.fill_(1), state.wide.fill_(2), state.mask.fill_(true);
  state.lazy = ones({n}, {.dtype = int64});
  state.text += " and longer";
  state.epoch = 3;
  return state;
}

std::size_t count_in(const Folder& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

}  // namespace

TEST_CASE("wherever an allocation fails in loading a file, nothing changes, and the load can be done again") {
  const Folder folder;
  const std::string path = folder.path("a");
  const State saved = other(), fresh;
  files::save(path, saved);
  State state;

  const int k = fail_everywhere([&] { state = State(); }, [&] { files::load(path, state); },
                                [&] { REQUIRE(same(state, fresh)); });

  CHECK(same(state, saved));
  CHECK(k > 30);
}

TEST_CASE("wherever an allocation fails in saving a file, the old one stays, and nothing is left beside it") {
  const Folder folder;
  const std::string path = folder.path("a");
  const State old, state = other();

  const int k = fail_everywhere([&] { files::save(path, old); }, [&] { files::save(path, state); },
                                [&] {
                                  REQUIRE(count_in(folder) == 1);
                                  REQUIRE(same(old, files::read_state(path)));
                                });

  CHECK(same(state, files::read_state(path)));
  CHECK(k > 30);
}
