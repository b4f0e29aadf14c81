#pragma once

#include <stdexcept>

namespace xgrad {

/// Every mistake that a user can make is reported by this one type, in every build type.
///
/// what() reads `op: what is wrong: the operands`, operands with dtype and shape, and says what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace xgrad
