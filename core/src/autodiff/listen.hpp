#pragma once

#include <memory>
#include <span>

#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// What is told at the ops' door: `outputs` were made by `op` from all of `inputs`, constants included, and
/// from its attributes.
struct Heard {
  const Op& op;
  std::span<const Ref> inputs;
  std::span<const Tensor> outputs;
  std::shared_ptr<const void> attributes;
};

/// Hears every op of the thread that made it, as long as it lives. Listeners nest, and all of them hear; what
/// they themselves compute, nobody hears.
class Listener {
 public:
  Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener();

  virtual void hear(const Heard& call) = 0;
  /// The elements of x are about to change by other means than an op.
  virtual void hear_write(const char* op, const Tensor& x) = 0;

  Listener* outer() const { return outer_; }

 private:
  Listener* outer_;
};

/// True when somebody listens.
inline bool is_heard() { return (doors & listener) != 0; }

/// Tells those who listen of a write by hand.
[[gnu::cold]] void tell_write(const char* op, const Tensor& x);

}  // namespace xgrad::detail
