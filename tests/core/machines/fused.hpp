#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/fuse.hpp"
#include "xgrad/xgrad.hpp"

namespace xgrad::test {
namespace {  // each file has its own

/// The value and the gradient of x w + exp(x) at more numbers than a batch has, against the C library.
void check_fused(DType dtype) {
  const Tensor x = linspace(-1, 1, 21, {.dtype = dtype}).requires_grad_();
  const Tensor w = full({}, 3.0, {.dtype = dtype});

  const Tensor y = fuse([](auto u, auto v) { return u * v + exp(u); }, x, w);
  y.sum().backward();

  for (int i = 0; i < 21; ++i) {
    const double u = -1 + 0.1 * i;
    CHECK(y.at({i}) == doctest::Approx(3 * u + std::exp(u)).epsilon(1e-6));
    CHECK(x.grad().at({i}) == doctest::Approx(3 + std::exp(u)).epsilon(1e-6));
  }
}

}  // namespace
}  // namespace xgrad::test
