#pragma once

#include <memory>

namespace xgrad {

/// What AnomalyMode looks at.
struct AnomalyOptions {
  bool values = true;     ///< of ops; off where inf or nan in a branch that is masked later are expected
  bool gradients = true;  ///< of rules in backward
};

/// `AnomalyMode guard;`: until the end of the scope, which must come on the same thread, the first value or
/// gradient there that is inf or nan although what it came from was finite throws Error, which names the op,
/// its operands and attributes, and the user's call. Ops are looked at whether they are recorded or not; an
/// inf that was given to one as a number, or to `full`, is not the op's. Costs microseconds an op.
class AnomalyMode {
 public:
  explicit AnomalyMode(AnomalyOptions options = {});
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  class Ear;
  std::unique_ptr<Ear> ear_;
};

}  // namespace xgrad
