// Numbers below the normal ones as 0, for a thread and for those that share its work.

#include "xgrad/core/denormals.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

/// Sets the flag and the number of threads, and sets them back.
struct Setting {
  bool before = flush_denormals();
  int threads = num_threads();
  explicit Setting(bool on, int n) {
    REQUIRE(set_flush_denormals(on));
    set_num_threads(n);
  }
  ~Setting() {
    set_flush_denormals(before);
    set_num_threads(threads);
  }
};

/// How many elements of x / 2 are not 0, for 2^20 of the smallest normal numbers.
std::int64_t halves_left(DType dtype) {
  const double least = dtype == float32 ? 0x1p-126 : 0x1p-1022;
  return count_nonzero(full({1 << 20}, least, {.dtype = dtype}) * 0.5).item<std::int64_t>();
}

}  // namespace

#if defined(__x86_64__)

TEST_CASE("what is too small is 0 where that is asked for, on every thread that shares the work") {
  for (DType dtype : {float32, float64})
    for (int threads : {1, 2, 4}) {
      {
        const Setting flushed(true, threads);
        CHECK(flush_denormals());
        CHECK(halves_left(dtype) == 0);
      }
      const Setting kept(false, threads);
      CHECK(halves_left(dtype) == 1 << 20);
    }
}

TEST_CASE("operands that are too small count as 0") {
  const Setting flushed(true, 1);
  const Tensor x = full({64, 64}, 1e-40);
  CHECK(matmul(x, full({64, 64}, 1e30)).at({0, 0}) == 0);
}

TEST_CASE("the setting is the thread's, and that of threads which it starts") {
  const Setting flushed(true, 2);
  bool inherited = false, of_another = true;
  std::thread([&] {
    inherited = flush_denormals();
    set_flush_denormals(false);
    of_another = flush_denormals();
    CHECK(halves_left(float32) == 1 << 20);
  }).join();
  CHECK(inherited);
  CHECK_FALSE(of_another);
  CHECK(flush_denormals());
  CHECK(halves_left(float32) == 0);
}

#endif
