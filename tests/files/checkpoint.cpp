// Checkpointer: which checkpoints stay, and what it does about files that are not its own or not whole.

#include "xgrad/files/checkpoint.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using files::Best;
using files::Checkpointer;
using test::error_of;
using test::Folder;

namespace {

struct State {
  Tensor w = zeros({2});
  std::int64_t epoch = 0;
  void visit(Visitor& v) { v("w", w), v("epoch", epoch); }
};

std::string name_of(std::int64_t step) {
  const std::string digits = std::to_string(step);
  return "checkpoint-" + std::string(12 - digits.size(), '0') + digits + ".safetensors";
}

/// The names in a folder, in order.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> names_of(const std::vector<std::int64_t>& steps) {
  std::vector<std::string> names;
  for (const std::int64_t step : steps) names.push_back(name_of(step));
  return names;
}

/// What is in the folder when steps 1, 2, ... were saved with these metrics.
std::vector<std::string> after(const std::vector<double>& metrics,
                               const files::CheckpointerOptions& options) {
  const Folder folder;
  std::int64_t step = 0;
  for (const double metric : metrics) Checkpointer(folder.path(), options).save(++step, State(), metric);
  return names_in(folder.path());
}

}  // namespace

TEST_CASE("the latest checkpoints stay, and the latest of them is where a run goes on") {
  const Folder folder;
  const Checkpointer checkpoints(folder.path("a/b"), {.keep = 2});
  State state;
  CHECK_FALSE(checkpoints.latest());
  CHECK_FALSE(checkpoints.resume(state));
  for (const std::int64_t step : {0, 5, 10, 1'000'000}) {
    state.epoch = step + 1;
    state.w.fill_(step);
    CHECK(checkpoints.save(step, state) == folder.path("a/b/" + name_of(step)));
  }

  State other;
  const auto step = checkpoints.resume(other);

  CHECK(step == 1'000'000);
  CHECK(same(other, state));
  CHECK(checkpoints.latest() == folder.path("a/b/" + name_of(1'000'000)));
  CHECK_FALSE(checkpoints.best());
  CHECK(names_in(folder.path("a/b")) == names_of({10, 1'000'000}));
}

TEST_CASE("the checkpoint with the best metric stays as well, also for another Checkpointer") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(after({3, 1, 2, 4}, {.keep = 1}) == names_of({4}));
  CHECK(after({3, 1, 2, 4}, {.keep = 1, .best = Best::lowest}) == names_of({2, 4}));
  CHECK(after({3, 1, 2, 4}, {.keep = 1, .best = Best::highest}) == names_of({4}));
  CHECK(after({3, 7, 2, 4}, {.keep = 2, .best = Best::highest}) == names_of({2, 3, 4}));
  CHECK(after({1, 1, 1, 1}, {.keep = 1, .best = Best::lowest}) == names_of({1, 4}));
  CHECK(after({nan, 2, nan, 3}, {.keep = 1, .best = Best::lowest}) == names_of({2, 4}));
  CHECK(after({nan, nan}, {.keep = 1, .best = Best::highest}) == names_of({2}));
  CHECK(after({-0.5, -0.25, -1}, {.keep = 1, .best = Best::highest}) == names_of({2, 3}));
}

TEST_CASE("the best one is found by the metric in its file, to the last bit") {
  const Folder folder;
  const Checkpointer checkpoints(folder.path(), {.keep = 3, .best = Best::lowest});
  checkpoints.save(1, State(), 0.1);
  checkpoints.save(2, State(), std::nextafter(0.1, 0.0));
  checkpoints.save(3, State());

  CHECK(checkpoints.best() == folder.path(name_of(2)));
}

TEST_CASE("a step that is saved again is replaced, with its metric") {
  const Folder folder;
  const Checkpointer checkpoints(folder.path(), {.keep = 2, .best = Best::lowest});
  checkpoints.save(1, State(), 2.0);
  checkpoints.save(2, State(), 1.0);
  State state;
  state.epoch = 7;

  checkpoints.save(2, state, 3.0);

  CHECK(names_in(folder.path()) == names_of({1, 2}));
  CHECK(checkpoints.best() == folder.path(name_of(1)));
  State other;
  checkpoints.resume(other);
  CHECK(other.epoch == 7);
}

TEST_CASE("files of other names stay, and what killed writers have left goes, unless somebody writes it") {
  const Folder folder;
  const std::vector<std::string> others{"checkpoint-1.safetensors",
                                        "checkpoint-0000000000001.safetensors",
                                        "checkpoint--00000000001.safetensors",
                                        "checkpoint-00000000000x.safetensors",
                                        "checkpoint-000000000001.safetensors.bak",
                                        "model.safetensors.12.0.tmp",
                                        "notes"};
  for (const std::string& name : others) folder.write(name, "x");
  folder.write(name_of(3) + ".4711.0.tmp", "left");
  folder.write(name_of(4) + ".4711.1.tmp", "in work");
  folder.write(name_of(5) + ".4711.2.tmp", "");  // a moment old
  const int lock = open(folder.path(name_of(4) + ".4711.1.tmp").c_str(), O_RDONLY);
  REQUIRE(flock(lock, LOCK_EX) == 0);
  const Checkpointer checkpoints(folder.path(), {.keep = 1});

  checkpoints.save(1, State());
  checkpoints.save(2, State());
  close(lock);

  auto expected = others;
  expected.insert(expected.end(), {name_of(2), name_of(4) + ".4711.1.tmp", name_of(5) + ".4711.2.tmp"});
  std::ranges::sort(expected);
  CHECK(names_in(folder.path()) == expected);
}

TEST_CASE("what is wrong with a checkpoint is an error, and the state stays") {
  const Folder folder;
  const Checkpointer checkpoints(folder.path(), {.best = Best::lowest});
  const std::string path = folder.path(name_of(1));
  const std::string remedy = "; expected a whole file in the form of safetensors: write or fetch it again";
  State state;
  state.epoch = 3;
  struct Less {
    std::int64_t epoch = 5;
    void visit(Visitor& v) { v("epoch", epoch); }
  } less;

  checkpoints.save(1, state);
  CHECK(error_of([&] { checkpoints.resume(less); }) ==
        "load_state_dict: the states do not match: 'w' is missing in the target; both must have the same "
        "names, types "
        "and shapes: " +
            path);
  CHECK(less.epoch == 5);
  const std::string whole = test::bytes_in(path);
  folder.write(name_of(1), whole.substr(0, whole.size() - 1));
  const std::string cut =
      "Checkpointer: tensor 'w': its data_offsets [0, 8] must lie in the 7 bytes behind the header: " + path +
      remedy;
  CHECK(error_of([&] { checkpoints.resume(state); }) == cut);
  CHECK(error_of([&] { static_cast<void>(checkpoints.best()); }) == cut);
  CHECK(error_of([&] { checkpoints.save(2, state); }) == cut);
  CHECK(names_in(folder.path()) == names_of({1}));
  folder.write(name_of(1), test::safetensors(R"({"__metadata__":{"xgrad.checkpoint:metric":"int 3"}})", ""));
  CHECK(error_of([&] { static_cast<void>(checkpoints.best()); }) ==
        "Checkpointer: the metadata 'xgrad.checkpoint:metric' must be a number: it is 'int 3': " + path +
            remedy);
  CHECK(state.epoch == 3);
}

TEST_CASE("a Checkpointer says what it cannot do") {
  const Folder folder;
  const std::string file = folder.write("file", "x");
  const Checkpointer checkpoints(folder.path("run"));
  checkpoints.save(5, State());

  CHECK(error_of([&] { Checkpointer(folder.path(), {.keep = 0}); }) ==
        "Checkpointer: keep must be at least 1: keep = 0");
  CHECK(error_of([&] { Checkpointer{file}; }) ==
        "Checkpointer: the directory cannot be made (Not a directory): " + file +
            "; name a directory, or one that may be made");
  CHECK(error_of([&] { Checkpointer{file + "/a"}; }) ==
        "Checkpointer: the directory cannot be made (Not a directory): " + file +
            "/a; name a directory, or one that may be made");
  CHECK(error_of([&] { checkpoints.save(-1, State()); }) ==
        "Checkpointer: a step must be at least 0: step = -1");
  CHECK(error_of([&] { checkpoints.save(4, State()); }) ==
        "Checkpointer: a step must not come before the latest one: step 4 after " +
            folder.path("run/" + name_of(5)) + "; another run needs a directory of its own");
  std::filesystem::remove_all(folder.path("run"));
  CHECK(error_of([&] { checkpoints.save(6, State()); }) ==
        "Checkpointer: the directory cannot be read (No such file or directory): " + folder.path("run") +
            "; it must be there as long as there is a Checkpointer of it");
}

TEST_CASE("a bundle has the state of all that it names") {
  Generator stream(3);
  State state;
  int count = 4;
  double rate = 0.5;
  bool warm = true;
  std::string note = "n";
  files::Bundle bundle{{"state", state}, {"stream", stream}, {"count", count},
                       {"rate", rate},   {"warm", warm},     {"note", note}};
  const Folder folder;

  files::save(folder.path("a"), bundle);
  const StateDict before = state_dict(bundle);
  state.epoch = 9, stream.draw(), count = 0, rate = 0, warm = false, note = "";
  files::load(folder.path("a"), bundle);

  std::string names;
  for (const auto& [name, value] : before) names += name + ",";
  CHECK(names == "state.w,state.epoch,stream,count,rate,warm,note,");
  CHECK(same(bundle, before));
  CHECK(count == 4);
  CHECK(note == "n");
}
