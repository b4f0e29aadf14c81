#pragma once

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include <xgrad/xgrad.hpp>

// What the works of derivatives.cpp share.

namespace bench {

using namespace xgrad;

/// Each work once, small.
inline bool check_only = false;
inline int faults = 0;

inline double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// The least time of a call of f, of as many as take a quarter of a second.
inline double time_of(const std::function<void()>& f) {
  double best = 1e30, total = 0;
  for (int i = 0; i == 0 || (!check_only && (i < 3 || total < 0.25)); ++i) {
    const double start = seconds();
    f();
    const double t = seconds() - start;
    best = std::min(best, t);
    total += t;
  }
  return best;
}

inline void print(const std::string& what, double measured, const char* unit, const char* should_be) {
  std::printf("%-66s %10.2f %-6s %s\n", what.c_str(), measured, unit, should_be);
  std::fflush(stdout);
}

inline void expect_same(const char* what, const Tensor& a, const Tensor& b) {
  if (allclose(a, b, 1e-9, 1e-12)) return;
  std::printf("%s: the two ways differ\n", what);
  ++faults;
}

inline std::int64_t sized(std::int64_t n) { return check_only ? std::min<std::int64_t>(n, 12) : n; }

inline Tensor leaf(const Shape& shape, std::uint64_t seed, double scale = 1) {
  Generator random(seed);
  return (randn(shape, {.dtype = float64}, random) * scale).requires_grad_();
}

// Each work of the other sources:

void dense();
void sparse();
void examples();

}  // namespace bench
