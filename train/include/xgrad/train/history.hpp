#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/train/scores.hpp"

namespace xgrad::train {

/// What each epoch of a training has measured: "loss" and the measures over the training data, and of the
/// validation data the same with "val_" in front.
///
///     const train::History history = train::fit(net, nn::cross_entropy, adam, set, {.epochs = 20});
///     const double last = history["loss"].back();
class History {
 public:
  /// Adds an epoch. A name that is new has nan in the epochs before, and one that is left out in this one.
  void add(const Scores& epoch);

  std::int64_t epochs() const { return epochs_; }
  /// In the order in which they came.
  std::vector<std::string> names() const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// One number for each epoch. Throws Error, which lists the names, where there is none of that name.
  const std::vector<double>& operator[](std::string_view name) const&;
  std::vector<double> operator[](std::string_view name) const&& { return (*this)[name]; }

  /// Why training has ended before its last epoch; empty where it has not.
  const std::string& stopped() const { return stopped_; }
  void set_stopped(std::string reason) { stopped_ = std::move(reason); }

  /// A table with a line for each epoch.
  std::string str() const;

  /// Names the numbers as one table, which a load replaces, and the reason.
  void visit(Visitor& v);

 private:
  struct Column {
    std::string name;
    std::vector<double> values;
  };
  const Column* find(std::string_view name) const;
  void pack();
  void unpack();

  std::vector<Column> columns_;
  std::int64_t epochs_ = 0;
  std::string stopped_;
  // The same as a state.
  std::string packed_names_;
  Tensor packed_;
};
std::ostream& operator<<(std::ostream& out, const History& history);

}  // namespace xgrad::train
