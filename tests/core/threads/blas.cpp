#include <dlfcn.h>
#include <doctest/doctest.h>
#include <sys/single_threaded.h>

#include <cstring>
#include <filesystem>
#include <iterator>

#include "core/threads/threads.hpp"

using namespace xgrad;

namespace {

/// Threads that the process has.
std::ptrdiff_t tasks() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                       std::filesystem::directory_iterator());
}

/// Products of matrices and vectors, small and large, and a decomposition.
void compute() {
  for (const std::int64_t n : {8, 700}) {
    const Tensor a = rand({n, n}, {}, Generator(1)) + static_cast<double>(n) * eye(n);
    matmul(a, a), matmul(a, a[0]), matmul(a[0], a), inverse(a);
  }
}

bool same_values(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data<float>().data(), b.data<float>().data(), a.data<float>().size_bytes()) == 0;
}

}  // namespace

TEST_CASE("child: one thread" * doctest::skip()) {
  const auto before = tasks();
  const auto alone = __libc_single_threaded;
  set_num_threads(1);

  compute();

  CHECK(tasks() == before);
  CHECK(__libc_single_threaded == alone);
  CHECK((before > 1 || alone));
}

TEST_CASE("BLAS starts no threads") {
  CHECK(run_child("child: one thread") == 0);
  CHECK(run_child("child: one thread", "OMP_NUM_THREADS=4") == 0);
}

TEST_CASE("products leave OpenMP's number of threads to the program, and do not depend on it") {
  const auto get = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (!get || !set) return;  // this OpenBLAS knows no OpenMP
  const int before = get();
  const Tensor a = rand({500, 500}, {}, Generator(1));
  set(1);
  const Tensor expected = matmul(a, a);

  for (const int n : {2, 3, 1}) {
    set(n);
    CHECK(same_values(matmul(a, a), expected));
    CHECK(get() == n);
  }
  set(before);
}

// What lets a product be cut into as many blocks as there are threads.
TEST_CASE("the rows of a product from a multiple of 48 on have the bits of a product of their own") {
  struct Sizes {
    std::int64_t m, n, k;
  };
  for (const Sizes s :
       {Sizes{800, 30, 900}, {901, 257, 300}, {512, 784, 64}, {1999, 10, 500}, {1999, 1, 500}}) {
    const Tensor a = rand({s.m, s.k}, {}, Generator(1)), b = rand({s.k, s.n}, {}, Generator(2));
    const Threads guard(1);
    const Tensor whole = matmul(a, b);

    for (const std::int64_t first : {192, 240, 384}) {
      CAPTURE(s.m);
      CAPTURE(first);
      const std::int64_t rest = s.m - first;
      CHECK(same_values(matmul(narrow(a, 0, first, rest), b), narrow(whole, 0, first, rest)));
    }
  }
}
