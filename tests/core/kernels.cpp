// Kernels at their door: each run is heard once, under its name, and has the bits that it has unheard.

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "kernels/blas/blas.hpp"
#include "kernels/blas/cofactor.hpp"
#include "kernels/blas/lapack.hpp"
#include "kernels/convolution/im2col.hpp"
#include "kernels/loops/arg.hpp"
#include "kernels/loops/broadcast_runs.hpp"
#include "kernels/loops/elementwise.hpp"
#include "kernels/loops/gather.hpp"
#include "kernels/loops/layout.hpp"
#include "kernels/loops/lines.hpp"
#include "kernels/loops/part_walk.hpp"
#include "kernels/loops/scan.hpp"
#include "kernels/loops/select.hpp"
#include "kernels/loops/simd.hpp"
#include "kernels/loops/tiles.hpp"

using namespace xgrad;
using namespace xgrad::detail;

namespace {

using V = std::vector<double>;

struct Listener : KernelListener {
  struct Run {
    std::string name;
    bool elementwise;
    Work work;
  };
  std::vector<Run> runs;
  void hear(const Kernel& kernel, Work work, std::int64_t, std::int64_t begin,
            std::int64_t end) noexcept override {
    runs.push_back({kernel.name, kernel.elementwise, work});
    CHECK(begin <= end);
  }
};

/// n numbers in [-1, 1].
V numbers(std::int64_t n) {
  V x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(37 * i + 1));
  return x;
}

/// Runs f on zeros of `size` elements unheard and heard; expects the same bits, and one run of this name.
Work check(const std::string& name, bool elementwise, std::int64_t size, const std::function<void(V&)>& f) {
  CAPTURE(name);
  CAPTURE(size);
  const V zeros(static_cast<std::size_t>(size), 0.0);
  V unheard = zeros, heard = zeros;
  f(unheard);
  Listener listener;
  f(heard);

  CHECK(heard == unheard);
  REQUIRE(listener.runs.size() == 1);
  CHECK(listener.runs[0].name == name);
  CHECK(listener.runs[0].elementwise == elementwise);
  CHECK(listener.runs[0].work.bytes > 0);
  return listener.runs[0].work;
}

constexpr std::int64_t sizes[] = {7, 3 * large_work + 5};

}  // namespace

TEST_CASE("elementwise loops are heard once") {
  for (const std::int64_t n : sizes) {
    const std::int64_t room = (n + 63) / 64 * 64;
    const V x = numbers(room), y = numbers(room + 1);

    const Work work =
        check("map", true, n, [&](V& o) { map_loop(n, o.data(), x.data(), [](auto u) { return u * u; }); });
    check("zip", true, n, [&](V& o) {
      zip_loop(n, o.data(), x.data(), 1, y.data(), 1, [](auto u, auto v) { return u + v; });
    });
    check("zip", true, room,
          [&](V& o) { zip_lines(n, o.data(), x.data(), y.data(), [](auto u, auto v) { return u + v; }); });
    check("map", true, room, [&](V& o) {
      simd_loop<double>(
          n, false, o.data(), [](auto v) { return simd::exp(v); }, x.data());
    });
    CHECK(work.bytes == 16 * n);
  }
}

TEST_CASE("walks over broadcast operands are heard once") {
  static constexpr RunKernel kernel = {zip_kernel, zip_broadcast_kernel, 8};
  const auto sum = [](const Shape& out, const Shape& p, const Shape& q, const V& x, const V& y) {
    return [=](V& o) {
      const Walker<2> walk(out, {&p, &q});
      each_run(
          kernel, walk,
          [to = o.data()](std::int64_t at, std::int64_t n, const Run<double>& u, const Run<double>& v) {
            for (std::int64_t i = 0; i < n; ++i) to[at + i] = u.at[i * u.step] + v.at[i * v.step];
          },
          x.data(), y.data());
    };
  };
  for (const std::int64_t rows : {3, 200, 60000}) {
    const std::int64_t n = rows * 10;
    const V x = numbers(n);

    const Work work = check("zip_broadcast", false, n, sum({rows, 10}, {rows, 10}, {10}, x, x));
    check("zip_broadcast", false, n, sum({rows, 10}, {rows, 10}, {rows, 1}, x, x));
    check("zip", true, n, sum({rows, 10}, {rows, 10}, {rows, 10}, x, x));
    CHECK(work.bytes == 8 * (2 * n + 10));
  }
}

TEST_CASE("selections, copies and gathers are heard once") {
  for (const std::int64_t rows : {3, 50000}) {
    const std::int64_t n = rows * 8;
    const V x = numbers(n), y = numbers(n);
    const Shape shape = {rows, 8};
    std::vector<std::int64_t> places(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::int64_t>(i * 7 % 3);
    const bool condition[8] = {true, false, true, true, false, false, true, false};
    const Shape of_condition = {8};

    check("select_broadcast", false, n, [&](V& o) {
      select_walk(float64, {shape, {&of_condition, &shape, &shape}}, o.data(), condition, x.data(), y.data());
    });
    const auto copy = [&](std::int64_t to, std::int64_t from, std::int64_t to_next, std::int64_t from_next) {
      return [=, &x](V& o) {
        LayoutCopy layout;
        layout.axis(rows, to, from);
        layout.axis(8, to_next, from_next);
        layout.run(float64, o.data(), 0, x.data(), 0);
      };
    };
    check("copy", true, n, copy(8, 8, 1, 1));
    check("strided_copy", false, n, copy(8, 0, 1, 1));
    check("transpose", false, n, copy(8, 1, 1, rows));
    check("gather", false, n, [&](V& o) {
      gather_elements(float64, o.data(), x.data(), shape, {places.data(), shape, 0});
    });
    check("scatter_add", false, n, [&](V& o) {
      scatter_elements(float64, o.data(), shape, x.data(), {places.data(), shape, 0}, true);
    });
    check("gather_rows", false, n, [&](V& o) {
      gather_rows(float64, o.data(), x.data(), {1, rows, 8}, places.data(), rows);
    });
    check("scatter_add_rows", false, n, [&](V& o) {
      add_rows(float64, o.data(), {1, rows, 8}, x.data(), places.data(), rows);
    });
    PartLayout part;
    part.axis(rows, 8);
    part.axis(3, 2);
    check("index", false, n, [&](V& o) { take_part(float64, o.data(), x.data(), part, nullptr); });
    check("index_put", false, n, [&](V& o) { put_part(float64, o.data(), x.data(), part, nullptr, false); });
  }
}

TEST_CASE("folds, scans and lines are heard once") {
  for (const std::int64_t rows : {3, 50000}) {
    const std::int64_t n = rows * 8;
    const V x = numbers(n);

    for (const Block& b : {Block{1, n, 1}, Block{rows, 8, 1}, Block{1, rows, 8}})
      check("reduce", false, b.outer * b.inner,
            [&](V& o) { fold_one<SumFold>(x.data(), b, o.data(), Plain<double>()); });
    check("reduce", false, 1, [&](V& o) { o[0] = fold_run<SumFold, double>(x.data(), n); });
    check("reduce", false, 1, [&](V& o) {
      o[0] = simd_sum<double>(
          n, [](auto v) { return v; }, x.data());
    });
    check("argmax", false, 8, [&](V& o) {
      std::int64_t at[8];
      arg_extrema<MaxFold>(x.data(), {1, rows, 8}, o.data(), at);
    });
    check("scan", false, n, [&](V& o) {
      scan<double>({rows, 8, 1}, false, 0, o.data(),
                   [&](double c, std::int64_t i) { return c + x[static_cast<std::size_t>(i)]; });
    });
    static constexpr Kernel kernel = {.name = "double"};
    for (const Block& b : {Block{1, n, 1}, Block{rows, 8, 1}, Block{1, rows, 8}})
      check("double", false, n, [&](V& o) {
        each_line<double>(
            kernel, b,
            [](const auto& along, std::int64_t, double* y, const double* p) {
              for (std::int64_t i = 0; i < along.steps(); ++i)
                along.store(y, i, along.load(p, i) + along.load(p, i));
            },
            0, o.data(), x.data());
      });
  }
}

TEST_CASE("products and factorisations are heard once, with their multiplications and additions") {
  for (const std::int64_t n : {3, 400}) {
    V a = numbers(n * n);
    for (std::int64_t i = 0; i < n; ++i) a[static_cast<std::size_t>(i * n + i)] += static_cast<double>(n);
    const auto gemm_of = [&](std::int64_t columns) {
      return [&, columns](V& o) { gemm(false, false, n, columns, n, a.data(), a.data(), false, o.data()); };
    };

    CHECK(check("gemm", false, n * n, gemm_of(n)).flops == 2 * n * n * n);
    CHECK(check("gemv", false, n, gemm_of(1)).flops == 2 * n * n);
    check("trsm", false, n * n, [&](V& o) {
      o = a;
      solve_triangle({.upper = false, .transposed = false, .left = true, .unit = false}, n, n, a.data(),
                     o.data());
    });
    CHECK(check("getrf", false, n * n, [&](V& o) {
            std::vector<int> pivots;
            o = a;
            lu_factor(n, o.data(), pivots);
          }).flops == 2 * n * n * n / 3);
    check("gesdd", false, n, [&](V& o) {
      V copy = a, u(a.size()), vh(a.size());
      singular_values(n, n, false, copy.data(), o.data(), u.data(), vh.data());
    });
    check("qr", false, n * n, [&](V& o) {
      V copy = a, q(a.size());
      qr_factor(n, n, false, copy.data(), q.data(), o.data());
    });
  }
  const V a = numbers(64);
  for (const std::int64_t n : {2, 5})
    check("cofactors", false, n * n, [&](V& o) { cofactors(n, a.data(), o.data()); });
}

TEST_CASE("convolutions are heard once") {
  const Window k = {.padding_h = 1, .padding_w = 1, .kernel_h = 3, .kernel_w = 3};
  const V x = numbers(2 * 5 * 6);

  check("im2col", false, 2 * 9 * 30, [&](V& o) { im2col(k, 2, 5, 6, x.data(), o.data()); });
  check("col2im", false, 2 * 5 * 6, [&](V& o) { col2im(k, 2, 5, 6, numbers(2 * 9 * 30).data(), o.data()); });
  check("max_pool2d", false, 6, [&](V& o) {
    V pairs(12);
    max_of_tiles(2, 3, x.data(), pairs.data(), o.data());
  });
}

TEST_CASE("nothing is heard where nothing is done") {
  Listener listener;

  map_loop<false, double, double>(0, nullptr, nullptr, [](auto u) { return u; });
  gemm(false, false, 0, 3, 3, static_cast<const double*>(nullptr), nullptr, false, nullptr);
  LayoutCopy layout;
  layout.axis(0, 1, 1);
  layout.run(float64, nullptr, 0, nullptr, 0);

  CHECK(listener.runs.empty());
}
