#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <xgrad/parallel.hpp>
#include <xgrad/xgrad.hpp>

// The same tests for both engines: as threads they run in worlds of 1, 2, 3 and 4 ranks; by mpirun, which
// sets XGRAD_TEST_MPI, in the one that it has made.

namespace xgrad::test {

inline bool under_mpi() { return std::getenv("XGRAD_TEST_MPI") != nullptr; }

inline void on_ranks(std::initializer_list<int> sizes, const std::function<void(parallel::Communicator)>& f) {
  if (under_mpi()) {
    parallel::Communicator all = parallel::world();
    all.set_time_limit(60);
    for (const int size : sizes)
      if (size == all.size()) f(all);
    return;
  }
  for (const int size : sizes) parallel::run_threads(size, f);
}

inline void on_all_ranks(const std::function<void(parallel::Communicator)>& f) { on_ranks({1, 2, 3, 4}, f); }

/// What f throws as an Error; empty where it throws none.
inline std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace xgrad::test
