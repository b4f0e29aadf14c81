#pragma once

namespace xgrad {

/// What AnomalyMode looks at.
struct AnomalyOptions {
  bool values =
      true;  ///< of recorded ops; off where inf or nan in a branch that is masked later are expected
  bool gradients = true;  ///< of rules in backward
};

/// `AnomalyMode guard;`: until the end of the scope, ops on this thread keep the call stack that recorded
/// them, and the first value or gradient that is inf or nan although what it came from was finite throws
/// Error, which names the op and the user's call that recorded it. Costs microseconds an op.
class AnomalyMode {
 public:
  explicit AnomalyMode(AnomalyOptions options = {});
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool before_;
  AnomalyOptions options_before_;
};

}  // namespace xgrad
