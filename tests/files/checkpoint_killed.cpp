// A writer that is killed at any moment leaves the old file or the new one, whole.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "datasets/files.hpp"
#include "files/killed.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using namespace test;

namespace {

struct State {
  Tensor a = zeros({50'000}), b = zeros({1000}, {.dtype = float64});
  std::int64_t epoch = 0;
  void visit(Visitor& v) { v("a", a), v("b", b), v("epoch", epoch); }
};

void set(State& state, std::int64_t epoch) {
  state.a.fill_(epoch), state.b.fill_(epoch);
  state.epoch = epoch;
}

/// True where all of a state is of one epoch.
bool is_whole(const State& state) {
  const auto a = state.a.data<float>();
  const auto b = state.b.data<double>();
  const auto epoch = static_cast<double>(state.epoch);
  return std::ranges::all_of(a, [&](float v) { return v == epoch; }) &&
         std::ranges::all_of(b, [&](double v) { return v == epoch; });
}

}  // namespace

TEST_CASE("a save that is killed leaves the old file or the new one") {
  const Folder folder;
  const std::string path = folder.path("model.safetensors");
  State state, loaded;
  std::int64_t latest = 0, moved = 0;
  Moments moments(duration_of([&] { files::save(path, state); }), 1);

  for (int i = 0; i < 200; ++i) {
    killed_after(moments.next(), [&] {
      for (std::int64_t epoch = latest + 1;; ++epoch) set(state, epoch), files::save(path, state);
    });

    files::load(path, loaded);
    CHECK(is_whole(loaded));
    CHECK(loaded.epoch >= latest);
    moved += loaded.epoch > latest;
    moments.adapt(loaded.epoch > latest);
    latest = loaded.epoch;
  }
  CHECK(moved > 10);
}

TEST_CASE("a run whose checkpoints are killed goes on from a whole one, and nothing is left") {
  const Folder folder;
  const files::Checkpointer checkpoints(folder.path(), {.keep = 2});
  State state, loaded;
  Moments moments(duration_of([&] { checkpoints.save(0, state); }), 2);
  std::size_t left = 0;

  for (int i = 0; i < 100; ++i) {
    const std::int64_t before = checkpoints.resume(loaded).value();
    killed_after(moments.next(), [&] {
      for (std::int64_t epoch = before + 1;; ++epoch) set(state, epoch), checkpoints.save(epoch, state);
    });
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      left += entry.path().extension() == ".tmp";

    const std::int64_t step = checkpoints.resume(loaded).value();
    CHECK(is_whole(loaded));
    CHECK(loaded.epoch == step);
    CHECK(step >= before);
    moments.adapt(step > before);
  }
  CHECK(left > 0);
  for (const auto& entry :
       std::filesystem::directory_iterator(folder.path()))  // an empty one may be a moment old
    last_write_time(entry, last_write_time(entry) - std::chrono::minutes(2));
  checkpoints.save(checkpoints.resume(loaded).value() + 1, loaded);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}
