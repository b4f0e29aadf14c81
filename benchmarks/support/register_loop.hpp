#pragma once

#include <cstdint>
#include <xgrad/core/dtype.hpp>

namespace bench {

/// Multiply-adds on registers and nothing else, on the instructions that our products use: what no product is
/// faster than.
struct RegisterLoop {
  void (*run)(std::int64_t turns);
  std::int64_t flops_of_turn;  ///< multiplications and additions

  std::int64_t flops(std::int64_t turns) const { return turns * flops_of_turn; }
};

RegisterLoop register_loop(xgrad::DType dtype);

}  // namespace bench
