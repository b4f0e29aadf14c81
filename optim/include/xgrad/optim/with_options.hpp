#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "xgrad/optim/optimizer.hpp"

namespace xgrad::optim {

/// An optimizer whose groups have options of a type of their own: an aggregate that can be compared, with
/// `lr` and `error_if_nonfinite` among its members. The base of all optimizers of this library.
template <class Options>
class WithOptions : public Optimizer {
 public:
  /// Adds parameters with options of their own.
  void add_group(const Parameters& parameters, Options options = {}) {
    check(options);
    auto group = std::make_unique<Group>(Group{options, options});
    groups_.reserve(groups_.size() + 1);  // so that nothing throws once the group is in
    add(parameters, {&group->options.lr, &group->options.error_if_nonfinite}, remembered(options),
        [&](Slot& slot) { prepare(slot, options); });
    groups_.push_back(std::move(group));
  }
  template <detail::Number N>
  void add_group(const Parameters& parameters, N lr) {
    add_group(parameters, Options{.lr = static_cast<double>(lr)});
  }

  /// The options of a group, to read and to change:
  ///
  ///     adam.options().lr *= 0.5;
  ///     adam.options(1).weight_decay = 0.01;
  ///
  /// They are what the next step goes by, which throws Error, and changes nothing, where one is out of its
  /// range or decides what is remembered. Throws Error when there is no such group.
  Options& options(std::size_t group = 0) {
    if (group >= groups_.size()) check_group(group);
    return groups_[group]->options;
  }
  const Options& options(std::size_t group = 0) const {
    if (group >= groups_.size()) check_group(group);
    return groups_[group]->options;
  }

 protected:
  using Optimizer::Optimizer;

  /// Throws Error for an option out of its range.
  virtual void check(const Options& options) const = 0;
  /// Throws Error where an option has changed that decides what is remembered.
  virtual void check_change(const Options&, const Options&) const {}
  /// What is remembered about each parameter.
  virtual Remembered remembered(const Options&) const { return {}; }
  /// Changes what is remembered about a parameter at first.
  virtual void prepare(Slot&, const Options&) const {}

  void check_options(std::size_t group) final {
    auto& [options, checked] = *groups_[group];
    if (options == checked) return;
    check(options);
    check_change(checked, options);
    checked = options;
  }

 private:
  struct Group {
    Options options;
    Options checked;  ///< as they were found to be right
  };

  std::vector<std::unique_ptr<Group>> groups_;  ///< each in its place, which others know
};

}  // namespace xgrad::optim
