// floor [--help] [--threads=N] [--rounds=N] [PART]: how much a processor can multiply, and how much of that
// products reach.

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>
#include <xgrad/xgrad.hpp>

#include "support/register_loop.hpp"

using namespace xgrad;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t turns = 50000;  ///< of the register loop

// Products
// -----------------------------------------------------------------------------------------------------

struct Size {
  int m, n, k;
};
constexpr Size sizes[] = {{512, 512, 784}, {64, 512, 784}, {32, 512, 128},   {512, 64, 128},
                          {8, 256, 256},   {512, 10, 256}, {100, 20, 30},    {16, 16, 16},
                          {4, 512, 784},   {1, 512, 784},  {512, 512, 1024}, {512, 784, 64}};

template <class T>
void by_cblas(bool ta, bool tb, Size s, const T* a, const T* b, T* c) {
  const auto turned = [](bool t) { return t ? CblasTrans : CblasNoTrans; };
  const int lda = ta ? s.m : s.k, ldb = tb ? s.k : s.n;
  if constexpr (sizeof(T) == 4)
    cblas_sgemm(CblasRowMajor, turned(ta), turned(tb), s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n);
  else
    cblas_dgemm(CblasRowMajor, turned(ta), turned(tb), s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n);
}

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

/// Seconds that f takes, over about 5 ms.
template <class F>
double time(const F& f) {
  f();
  std::int64_t calls = 0;
  const auto start = Clock::now();
  double seconds = 0;
  do {
    for (int i = 0; i < 4; ++i) f();
    calls += 4;
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  } while (seconds < 5e-3);
  return seconds / static_cast<double>(calls);
}

template <class T>
void report(int rounds, DType dtype, std::string_view part) {
  const bench::RegisterLoop loop = bench::register_loop(dtype);
  const auto run_loop = [&] { loop.run(turns); };
  const double loop_flops = 1e-9 * static_cast<double>(loop.flops(turns));
  std::vector<double> limits;
  for (int i = 0; i < 20; ++i) time(run_loop);  // until the clock has risen
  for (int i = 0; i < rounds; ++i) limits.push_back(loop_flops / time(run_loop));
  std::printf("\n%s: the register loop of %s makes %.1f GFLOP/s on one thread\n\n", name_of(dtype),
              build_info().products.c_str(), median(limits));
  std::printf("  %-17s %10s %8s %10s\n", "m x n x k", "GFLOP/s", "share", "OpenBLAS");
  const NoGrad guard;
  for (const Size s : sizes)
    for (const auto& [ta, tb, ways] :
         {std::tuple{false, false, ""}, {false, true, " b^T"}, {true, false, " a^T"}}) {
      const std::string label =
          std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k) + ways;
      if (label.find(part) == label.npos) continue;
      const Tensor a = ta ? randn({s.k, s.m}, {.dtype = dtype}) : randn({s.m, s.k}, {.dtype = dtype}),
                   b = tb ? randn({s.n, s.k}, {.dtype = dtype}) : randn({s.k, s.n}, {.dtype = dtype});
      std::vector<T> c(static_cast<std::size_t>(s.m) * static_cast<std::size_t>(s.n));
      const T *pa = a.data<T>().data(), *pb = b.data<T>().data();
      std::vector<double> ours, theirs, shares;
      for (int i = 0; i < rounds; ++i) {
        const double flops = 2e-9 * s.m * s.n * s.k, limit = loop_flops / time(run_loop);
        ours.push_back(flops / time([&, x = ta, y = tb] { gemm(a, b, x, y); }));
        theirs.push_back(flops / time([&, x = ta, y = tb] { by_cblas(x, y, s, pa, pb, c.data()); }));
        shares.push_back(ours.back() / limit);
      }
      std::printf("  %-17s %10.1f %8.2f %10.1f\n", label.c_str(), median(ours), median(shares),
                  median(theirs));
      std::fflush(stdout);
    }
}

/// What numbers below the normal ones cost, as they are and as zeros.
void report_denormals() {
  const NoGrad guard;
  const Tensor small = full({64, 64}, 1e-40), row = full({65536}, 1e-40), one = full({65536}, 0.5);
  std::printf("\non values of 1e-40, us %14s %12s\n", "as they are", "flushed to 0");
  const auto line = [](const char* name, auto f) {
    double us[2];
    for (bool flush : {false, true}) {
      set_flush_denormals(flush);
      us[flush] = 1e6 * time(f);
    }
    set_flush_denormals(false);
    std::printf("  %-22s %14.1f %12.1f\n", name, us[0], us[1]);
  };
  line("matmul 64x64x64", [&] { matmul(small, small); });
  line("mul of 65,536", [&] { mul(row, one); });
}

constexpr const char* help = R"(floor [--help] [--threads=N] [--rounds=N] [PART]

How many multiplications and additions a loop on registers makes in a second, which nothing is faster
than, and how many products of matrices make: ours, their share of the loop's on one thread, and those of
OpenBLAS. Medians of rounds (11) that take turns, on N threads (1), of the products whose names contain
PART; without it, also what numbers below the normal ones cost. XGRAD_KERNELS=avx2 in the environment holds
the loop and our products to AVX2.)";

int run(int argc, char** argv) {
  int threads = 1, rounds = 11;
  std::string_view part;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text == "--help") return std::puts(help), 0;
    if (text.starts_with("--threads="))
      threads = std::atoi(argv[i] + 10);
    else if (text.starts_with("--rounds="))
      rounds = std::atoi(argv[i] + 9);
    else
      part = text;
  }
  if (threads < 1 || rounds < 1 || part.starts_with("-"))
    return std::fprintf(stderr, "floor: unknown or bad option; see --help\n"), 1;
  set_num_threads(threads);
  openblas_set_num_threads(threads);
  std::cout << build_info() << std::flush;
  report<float>(rounds, float32, part);
  report<double>(rounds, float64, part);
  if (part.empty()) report_denormals();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
