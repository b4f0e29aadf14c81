#pragma once

#include <memory>

namespace xgrad {

/// The place for a copy of a weight as the kernel of `linear` reads it: see there. It is made when `linear`
/// first gets the weight, and anew when it gets another one or one that was written to; as much memory as the
/// weight. Several threads may share one. A copy starts empty, so that a layer with such a member can be
/// copied and moved.
class PackedWeight {
 public:
  PackedWeight() = default;
  PackedWeight(const PackedWeight&) : PackedWeight() {}
  PackedWeight& operator=(const PackedWeight&);
  ~PackedWeight() = default;

  /// Lets go of the copy.
  void clear() const;

  struct State;
  State* state() const { return state_.get(); }

 private:
  struct Delete {
    void operator()(State* s) const noexcept;
  };
  static State* new_state();

  std::unique_ptr<State, Delete> state_{new_state()};
};

}  // namespace xgrad
