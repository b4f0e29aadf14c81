// What holds for ranks that are threads.

#include <atomic>
#include <stdexcept>

#include "parallel/ranks.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;

TEST_CASE("the first rank that throws ends the calls of all, and is named") {
  if (under_mpi()) return;
  std::atomic<int> told = 0;
  const auto body = [&](Communicator c) {
    if (c.rank() == 2) throw std::runtime_error("no bread");
    try {
      c.barrier();
    } catch (const Error& e) {
      told += std::string(e.what()) == "Communicator: rank 2 has failed: no bread; this call needs all ranks";
      throw;
    }
  };

  CHECK(error_of([&] { parallel::run_threads(4, body); }) == "rank 2: no bread");
  CHECK(told == 3);
}

TEST_CASE("a world of threads needs a rank") {
  CHECK(error_of([] { parallel::run_threads(0, [](Communicator) {}); }) ==
        "run_threads: the number of ranks must be 1 or more: it is 0");
}

TEST_CASE("threads are worlds of their own") {
  if (under_mpi()) return;
  std::atomic<int> ranks = 0;
  parallel::run_threads(3, [&](Communicator c) {
    CHECK(c.engine() == "threads");
    CHECK(c.size() == 3);
    ranks += 1 << c.rank();
  });
  CHECK(ranks == 7);
}
