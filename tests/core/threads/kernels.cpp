// Which products a process computes with is its environment's to say.

#include <doctest/doctest.h>

#include "core/threads/threads.hpp"
#include "kernels/products/product.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;

#if defined(__x86_64__)

TEST_CASE("child: products with AVX2" * doctest::skip()) {
  CHECK(matmul(ones({9, 9}), ones({9, 9})).at({8, 8}) == 9);
  CHECK(&detail::instruction_set() == &detail::avx2);
}

TEST_CASE("child: products with what there is not" * doctest::skip()) {
  for (int i = 0; i < 2; ++i)  // each time
    CHECK_THROWS_WITH_AS(matmul(ones({9, 9}), ones({9, 9})),
                         "matmul: the environment variable XGRAD_KERNELS must be avx2, avx512 where the "
                         "processor has it, or unset, for the best that it has: it is \"sse\"",
                         Error);
}

TEST_CASE("XGRAD_KERNELS names the instructions that products use") {
  CHECK(run_child("child: products with AVX2", "XGRAD_KERNELS=avx2") == 0);
  CHECK(run_child("child: products with what there is not", "XGRAD_KERNELS=sse") == 0);
}

#endif
