#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace xgrad {

/// How a step is recorded.
struct CaptureOptions {
  /// Recordings until two of them agree: a first step often makes what later ones find, such as gradients.
  int most_recordings = 4;
  /// Makes each step eagerly as well, and throws Error where a bit of what the plan computes differs.
  bool verify = false;
};

/// A step that is recorded once and run again as a list of kernels: what CUDA graphs are on a GPU, on a CPU.
///
///     Replay step = capture([&] {
///       loss = mse_loss(model(x), y);
///       adam.zero_grad();
///       loss.backward();
///       adam.step();
///     });
///     for (int i = 0; i < 1000; ++i) step();
///
/// A replay makes the same kernel calls as the eager step, in its order and on the same memory, so its bits
/// are those of the eager step. It makes no nodes, allocates nothing and looks at no shape. What the step
/// makes has one place from then on: the tensor `loss` above and the leaves' gradients are overwritten by
/// each step, so a value that is to be kept is cloned. New input goes into the tensors that the step reads,
/// by `copy_`. Optimizers make their steps as ever, with the learning rate that they then have.
///
/// The first calls make eager steps that are recorded again, until two recordings agree; see is_planned.
class Replay {
 public:
  Replay(Replay&&) noexcept;
  Replay& operator=(Replay&&) noexcept;
  ~Replay();

  /// Makes the step. Throws Error where what it found when it was recorded has changed: a gradient that was
  /// cleared or was not, a leaf with other elements; where anomaly mode is on; and where recordings do not
  /// agree, with the first kernel in which they differ.
  void operator()();
  void step() { (*this)(); }

  /// Whether two recordings agreed, so that steps are replays from now on.
  bool is_planned() const;

  /// A kernel of the plan, or what the host does between kernels.
  struct Run {
    std::string name;
    std::int64_t extent;  ///< elements, rows or whatever the kernel counts
    std::int64_t bytes;   ///< that it reads and writes
    double seconds = 0;   ///< on average; where `profile` has measured it
  };
  std::vector<Run> runs() const;
  /// Makes so many steps, and says how long each run takes.
  std::vector<Run> profile(int steps = 100);

  std::int64_t arena_bytes() const;  ///< of the memory in which the step's values lie
  std::int64_t value_bytes() const;  ///< of all those values, one beside the other

  /// The plan: each run with its extent and bytes, and the memory.
  std::string str() const;

 private:
  friend Replay capture(std::function<void()> step, CaptureOptions options);
  struct Impl;
  explicit Replay(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

std::ostream& operator<<(std::ostream& out, const Replay& replay);

/// Makes the step once, eagerly, and records it. `step` must refer to nothing that is gone before the replay
/// is.
///
/// Throws Error at once where the step reads elements on the host (item, data, to_vector, printing), since a
/// branch may hang on them; and when the step has been made, where it can't be run again, with the kernel or
/// the call at which it was found: one that refers to its caller's variables, a hook, elements that are
/// written by other means than a kernel, a tensor that is read and let go of.
Replay capture(std::function<void()> step, CaptureOptions options = {});

}  // namespace xgrad
