#pragma once

#include <utility>
#include <vector>

#include "xgrad/core/random.hpp"
#include "xgrad/core/state/visitor.hpp"

namespace xgrad::detail {

/// What a load will do, of which nothing has been done yet.
class PreparedLoad {
 public:
  /// The target gets these elements, of its shape and of this floating dtype or its own.
  void write(const Tensor& target, const Tensor& values, DType dtype);
  /// The place, which is given once, gets a value of the type that it holds.
  void assign(const Visitor::Place& place, StateValue value) {
    assignments_.push_back({&place, std::move(value)});
  }
  /// The generator goes on where the other one is.
  void move(const Generator& target, const Generator& place) { generators_.emplace_back(target, place); }

  /// Does all of it, after which the visitor's conditions hold. Where one of them throws, nothing has
  /// changed.
  void commit(const Visitor& members);

 private:
  struct Write {
    Tensor target, values;
    bool rebinds;  ///< the target takes over the elements, since its dtype changes
  };
  struct Assignment {
    const Visitor::Place* place;
    StateValue value;
  };

  void copy_what_is_overwritten();
  static void perform(const Write& w) noexcept;
  static void exchange(Assignment& a) noexcept;

  std::vector<Write> writes_;
  std::vector<Assignment> assignments_;
  std::vector<std::pair<Generator, Generator>> generators_;
};

}  // namespace xgrad::detail
