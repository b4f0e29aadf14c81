#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "core/threads/threads.hpp"

using namespace xgrad;

// Under the thread sanitizer no child may start threads; the address sanitizer's allocator (of g++ 12) has
// locks that a fork leaves held.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

namespace {

/// Runs f in a child that is killed after ten seconds; whether it returned true.
template <class F>
bool child_does(F f) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    _exit(f() ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0;
}

/// Threads that do something again and again until the end of the scope.
class Busy {
 public:
  template <class F>
  Busy(int count, F f) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([this, f] {
        while (!stop_) f();
      });
  }
  ~Busy() {
    stop_ = true;
    for (std::thread& t : threads_) t.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("a child draws, allocates and multiplies although other threads did so when it was forked") {
  const Generator own(3);
  const Busy drawing(2, [own] {
    rand({1000});
    randn({10}, {}, own);
    Generator(5).draw();
  });
  const Busy allocating(1, [] { zeros({100'000}) + 1; });
  const Busy multiplying(1, [] { matmul(ones({100, 100}), ones({100, 100})); });

  int right = 0;
  for (int i = 0; i < 40; ++i)
    right += child_does([&own] {
      randn({2}, {}, own);
      rand({2});
      return sum(zeros({100'000}) + 1).item() == 100'000 &&
             matmul(ones({100, 100}), ones({100, 100})).at({3, 4}) == 100;
    });

  CHECK(right == 40);
}

#endif

#ifndef __SANITIZE_ADDRESS__  // which needs all of the address space
#ifndef __SANITIZE_THREAD__
TEST_CASE("child: a decomposition without memory" * doctest::skip()) {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit before = {};
  getrlimit(RLIMIT_AS, &before);
  const rlimit tight = {static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20),
                        before.rlim_max};
  const Threads guard(1);
  const Tensor a = 2 * eye(200);
  alarm(10);  // without memory, OpenBLAS tries for ever

  setrlimit(RLIMIT_AS, &tight);
  CHECK_THROWS_WITH_AS(
      inverse(a),
      "blas: out of memory: OpenBLAS asks for 128 MiB of address space for each decomposition that "
      "runs at a time: this would be number 1; free memory, raise the limit, or see "
      "set_num_threads()",
      Error);
  setrlimit(RLIMIT_AS, &before);

  CHECK(inverse(a).at({0, 0}) == 0.5);
}

TEST_CASE("a decomposition that finds no memory to work in is an error, and succeeds when there is some") {
  CHECK(run_child("child: a decomposition without memory") == 0);
}
#endif
#endif

TEST_CASE("a child that does nothing returns to its parent") {
  const pid_t child = fork();
  if (child == 0) _exit(3);
  int status = 0;
  waitpid(child, &status, 0);

  CHECK(WEXITSTATUS(status) == 3);
}
