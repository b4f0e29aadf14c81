#pragma once

#include <memory>
#include <vector>

#include "xgrad/core/program.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

/// What it takes to make a call again.
struct Program::Step {
  const detail::Op* op;
  std::shared_ptr<const void> attributes;
  std::vector<detail::TensorType> outputs;
  bool recorded = true;                     ///< unlike what the function computed under NoGrad
  std::vector<std::size_t> last_uses = {};  ///< values that no later call needs
};

}  // namespace xgrad
