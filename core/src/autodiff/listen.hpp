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
  std::span<const Ref> scratch;  ///< what the op has computed for its rules
  std::span<const Tensor> outputs;
  std::shared_ptr<const void> attributes;
};

/// Hears every op of the thread that made it, as long as it lives. Listeners nest, and all of them hear; what
/// they themselves compute, nobody hears.
///
/// For one that `traces`, all that is computed is computed by ops: gradients are added up by `add` and not in
/// place, and a checkpoint is its function. One that does not changes nothing.
class Listener {
 public:
  explicit Listener(bool traces);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener();

  /// What it throws, the op throws, and nobody gets the outputs.
  virtual void hear(const Heard& call) = 0;
  /// The elements of x are about to change by other means than an op.
  virtual void hear_write(const char* op, const Tensor& x) = 0;

  /// Whether it computes, from what an op has computed, more that those around it hear: see ForwardPass. It
  /// hears after all others.
  virtual bool computes() const { return false; }

  Listener* outer() const { return outer_; }

 private:
  friend class AmongListeners;
  static void open();  // the doors for those who are there

  Listener* outer_;
  bool traces_;
};

/// Only this listener and those around it hear, until the end of the scope.
class AmongListeners {
 public:
  explicit AmongListeners(Listener* l);
  ~AmongListeners();
  AmongListeners(const AmongListeners&) = delete;
  AmongListeners& operator=(const AmongListeners&) = delete;

 private:
  Listener* before_;
  std::uint8_t doors_;
};

/// True when somebody listens.
inline bool is_heard() { return (doors & listener) != 0; }
/// True when somebody who traces listens.
inline bool is_traced() { return (doors & tracer) != 0; }

}  // namespace xgrad::detail
