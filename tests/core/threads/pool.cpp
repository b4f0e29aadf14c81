#include <doctest/doctest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "core/threads/threads.hpp"

using namespace xgrad;
using detail::parallel_for;

TEST_CASE("blocks cover the range once, whatever the number of threads") {
  for (const int threads : {1, 2, 3, 8}) {
    const Threads guard(threads);
    std::vector<int> count(1001, 0);

    parallel_for(1001, 10, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) ++count[static_cast<std::size_t>(i)];
    });

    CHECK(count == std::vector<int>(1001, 1));
  }
}

TEST_CASE("two threads run two blocks at once") {
  const Threads guard(2);
  std::atomic<int> arrived = 0;
  std::atomic<bool> met = true;

  parallel_for(2, 1, [&](std::int64_t, std::int64_t) {
    ++arrived;
    for (int i = 0; arrived < 2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (i > 20000) return static_cast<void>(met = false);
    }
  });

  CHECK(met);
}

TEST_CASE("an empty range has no blocks") {
  parallel_for(0, 8, [](std::int64_t, std::int64_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("the exception of the first block that throws reaches the caller, and the next work goes on") {
  for (const int threads : {1, 2, 3, 8}) {
    const Threads guard(threads);
    const auto fails = [] {
      parallel_for(100, 1, [](std::int64_t i, std::int64_t) {
        if (i % 10 == 7) throw Error("block " + std::to_string(i));
      });
    };

    CHECK_THROWS_WITH_AS(fails(), "block 7", Error);
    CHECK_THROWS_WITH_AS(fails(), "block 7", Error);
    CHECK(sum(ones({1 << 20})).item() == 1 << 20);
  }
}

TEST_CASE("blocks inside blocks run on the thread that asks for them") {
  const Threads guard(3);
  std::atomic<int> count = 0, elsewhere = 0;

  parallel_for(6, 1, [&](std::int64_t, std::int64_t) {
    const std::thread::id self = std::this_thread::get_id();
    parallel_for(50, 5, [&](std::int64_t first, std::int64_t last) {
      count += static_cast<int>(last - first);
      if (std::this_thread::get_id() != self) ++elsewhere;
    });
  });

  CHECK(count == 300);
  CHECK(elsewhere == 0);
}

TEST_CASE("several threads of the program may bring work at once, and change the number") {
  const Threads guard(3);
  const Tensor x = ones({1 << 19});
  std::atomic<int> wrong = 0;

  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        if (t == 0) set_num_threads(1 + i % 4);
        if (sum(x + 1).item() != 1 << 20) ++wrong;
      }
    });
  for (std::thread& t : callers) t.join();

  CHECK(wrong == 0);
}

TEST_CASE("the number of threads is what was set, from 1 to 1024") {
  const Threads guard(5);

  CHECK(num_threads() == 5);
  CHECK_THROWS_WITH_AS(
      set_num_threads(0),
      "set_num_threads: the number must lie between 1, for the calling one alone, and 1024: it is 0", Error);
  CHECK_THROWS_WITH_AS(
      set_num_threads(-3),
      "set_num_threads: the number must lie between 1, for the calling one alone, and 1024: it is -3", Error);
  CHECK_THROWS_WITH_AS(
      set_num_threads(1025),
      "set_num_threads: the number must lie between 1, for the calling one alone, and 1024: it is 1025",
      Error);
  CHECK(num_threads() == 5);
}

// The number is found once in a process: these run in one of their own.
TEST_CASE("child: one core" * doctest::skip()) {
  cpu_set_t cores;
  REQUIRE(sched_getaffinity(0, sizeof cores, &cores) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &cores)) ++first;
  CPU_ZERO(&cores);
  CPU_SET(first, &cores);
  REQUIRE(sched_setaffinity(0, sizeof cores, &cores) == 0);

  CHECK(num_threads() == 1);
}
TEST_CASE("child: five threads" * doctest::skip()) { CHECK(num_threads() == 5); }
TEST_CASE("child: no number" * doctest::skip()) {
  CHECK_THROWS_WITH_AS(num_threads(),
                       "num_threads: the environment variable XGRAD_NUM_THREADS must be a number from 1 to "
                       "1024, or unset, for all cores: it is \"2x\"",
                       Error);
}

TEST_CASE("the environment variable XGRAD_NUM_THREADS says how many threads there are") {
  CHECK(run_child("child: five threads", "XGRAD_NUM_THREADS=5") == 0);
  CHECK(run_child("child: five threads", "XGRAD_NUM_THREADS=6") != 0);
  CHECK(run_child("child: no number", "XGRAD_NUM_THREADS=2x") == 0);
}

TEST_CASE("without it, there are as many as cores that the process may run on") {
  CHECK(run_child("child: one core", "XGRAD_NUM_THREADS=") == 0);
}

#ifndef __SANITIZE_THREAD__  // which lets no child start threads
TEST_CASE("a forked child has threads of its own") {
  const Threads guard(2);
  const Tensor x = ones({1 << 20});
  CHECK(sum(x).item() == 1 << 20);

  const pid_t child = fork();
  if (child == 0) _exit(sum(x).item() == 1 << 20 && sum(x + x).item() == 2 << 20 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);

  CHECK(status == 0);
  CHECK(sum(x).item() == 1 << 20);
}
#endif
