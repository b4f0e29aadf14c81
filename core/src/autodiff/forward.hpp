#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "autodiff/listen.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

struct RingLink;

/// A pass of forward mode: while it lives, every op on this thread computes the tangents of what it computes,
/// in one or several directions at once, from those of its inputs. No tape is needed, and none is kept: a
/// tangent lives as long as its tensor. Wengert, 1964.
///
/// It hears at the ops' door. What it computes is computed by ops that are recorded and heard as the op
/// itself was, by all but itself and passes within it, so that passes and walks nest in any order: within a
/// walk it pushes tangents through the rules, and a walk over what it computed is one over ops.
class ForwardPass : public Listener {
 public:
  /// Tangents are lists of as many as there are directions; an undefined one is 0.
  using Along = std::vector<Tensor>;

  explicit ForwardPass(std::size_t directions);
  /// A pass whose directions are one tensor, with the directions as its first axis, so that an op computes
  /// them together: see push_wide. It has one tangent for each tensor, which is recorded where it is to be
  /// differentiated.
  static ForwardPass wide(std::int64_t directions, bool records) { return {1, directions, records}; }
  ~ForwardPass() override;

  /// Gives x, which nobody else has yet, its tangents.
  void start(const Tensor& x, Along along) const;
  /// The tangents of what was computed, zeros where it depends on nothing that has one.
  Along tangents(const Tensor& y) const;

  void hear(const Heard& call) override;
  void hear_write(const char* op, const Tensor& x) override;
  bool computes() const override { return true; }

 private:
  ForwardPass(std::size_t tangents, std::int64_t wide, bool records);
  const Along* found(const Tensor& x) const;
  Shape with_directions(Shape shape) const;

  const std::uint64_t id_;
  const std::size_t directions_;
  const std::int64_t wide_;  // directions in each tangent; 0: each is one direction
  const bool records_;
  const std::unique_ptr<RingLink> ring_;  // of all tangents that are alive
};

}  // namespace xgrad::detail
