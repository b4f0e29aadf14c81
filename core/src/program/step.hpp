#pragma once

#include <memory>
#include <vector>

#include "xgrad/core/program.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

/// What it takes to make a call again.
struct Program::Step {
  /// Calls the op on other inputs; `kept` becomes its scratch values, if any are needed.
  std::vector<Tensor> make(std::vector<Tensor> inputs, std::vector<Tensor>& kept) const;

  const detail::Op* op;
  std::shared_ptr<const void> attributes;
  std::vector<detail::TensorType> outputs;
  bool recorded = true;  ///< unlike what the function computed under NoGrad
  struct Scratch {
    std::size_t number, place;
  };
  std::vector<Scratch> scratch = {};        ///< that a rule has read, of which no output tells
  std::vector<std::size_t> last_uses = {};  ///< values that no later call needs
};

}  // namespace xgrad
