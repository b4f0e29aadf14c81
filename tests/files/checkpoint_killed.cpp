// A writer that is killed at any moment leaves the old file or the new one, whole.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>

#include "datasets/files.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::Folder;

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

/// Microseconds that f takes.
template <class F>
std::int64_t duration_of(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start)
      .count();
}

/// Random moments, in microseconds, about half of which come before a save is done, however busy the machine.
class Moments {
 public:
  Moments(std::int64_t duration, unsigned seed) : most_(2 * duration), random_(seed) {}

  std::int64_t next() { return std::uniform_int_distribution<std::int64_t>(0, most_)(random_); }
  void adapt(bool was_done) { most_ += was_done ? -most_ / 8 : most_ / 8; }

 private:
  std::int64_t most_;
  std::mt19937 random_;  // NOLINT: the same in each run
};

/// Runs f in another process until it is killed after some microseconds.
template <class F>
void killed_after(std::int64_t microseconds, F f) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      f();
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
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
