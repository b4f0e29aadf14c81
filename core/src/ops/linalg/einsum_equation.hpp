#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// An equation of einsum, read and checked against its operands.
///
/// Every axis has a letter: those of an ellipsis are numbers from 1, counted from the last axis.
struct EinsumEquation {
  std::vector<std::string> inputs;  ///< the letters of each operand's axes
  std::string output;               ///< the letters of the result's axes, each once

  /// Throws Error, with the equation and the operands, for what does not fit.
  EinsumEquation(std::string_view equation, std::span<const Tensor> operands);

  /// The size of a letter; of some letters, the product.
  std::int64_t size(char letter) const { return sizes_[static_cast<unsigned char>(letter)]; }
  std::int64_t size(const std::string& letters) const { return shape(letters).numel(); }
  Shape shape(const std::string& letters) const;

 private:
  std::int64_t sizes_[128];  // -1 for a letter that does not occur
};

}  // namespace xgrad::detail
