#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/files/safetensors.hpp"

namespace xgrad::files {

/// Several objects under one state, each under a name of its own: what a training run is made of. It refers
/// to the objects, which must outlive it.
///
///     files::Bundle run{{"model", model}, {"optimizer", adam}, {"loader", loader},
///                       {"random", default_generator()}, {"epoch", epoch}};
class Bundle {
 public:
  struct Item {
    /// Whatever a visitor takes: an object with a `visit`, a generator, a number, a bool, a text.
    template <class T>
    requires requires(Visitor& v, T& x) { v(std::string_view(), x); }
    Item(std::string its_name, T& object)
        : name(std::move(its_name)),
          visit([this_object = &object](Visitor& v, std::string_view as) { v(as, *this_object); }) {}

    std::string name;
    std::function<void(Visitor&, std::string_view)> visit;
  };

  Bundle(std::initializer_list<Item> items) : items_(items) {}
  void visit(Visitor& v) {
    for (const Item& item : items_) item.visit(v, item.name);
  }

 private:
  std::vector<Item> items_;
};

/// Which metric is the best one.
enum class Best : std::uint8_t { none, lowest, highest };

struct CheckpointerOptions {
  int keep = 3;            ///< how many of the latest checkpoints stay
  Best best = Best::none;  ///< the one with the best metric stays, too
};

/// The checkpoints of one training run, in a directory of its own: a file in the form of safetensors for each
/// step that is saved, "checkpoint-000000001200.safetensors".
///
///     files::Checkpointer checkpoints("run", {.keep = 3, .best = files::Best::lowest});
///     std::int64_t step = checkpoints.resume(run).value_or(0);
///     ...
///     checkpoints.save(step, run, loss);
///
/// A run that goes on from a checkpoint has the same bits as one that never stopped, where the state holds
/// all that changes: model, optimizer, generators, loader, and the numbers of the loop itself.
///
/// Each file is there whole or not at all. What writers that were killed have left is removed with the next
/// save; files of other names are never touched. One run at a time writes to a directory.
class Checkpointer {
 public:
  /// Makes the directory where there is none. Throws Error where it cannot be made, and for keep < 1.
  explicit Checkpointer(std::string directory, CheckpointerOptions options = {});

  /// Writes all that x names in its `visit`, and then removes what need not stay. Returns the file's path.
  /// The metric, if there is one, is what `best` compares; a nan is never the best.
  /// Throws Error, before anything has changed, for a step before the latest one.
  template <Visitable T>
  std::string save(std::int64_t step, const T& x, std::optional<double> metric = {}) const {
    return save_state(step, xgrad::detail::values_of(Visitor::of(x), false), metric);
  }

  /// Gives x the state of the latest checkpoint and returns its step; nothing where there is no checkpoint.
  /// Throws Error as `files::load` does, strictly, and changes nothing then.
  template <Visitable T>
  std::optional<std::int64_t> resume(T& x) const {
    return load_latest(Visitor::of(x));
  }

  /// The path of the checkpoint of the highest step; nothing where there is none.
  std::optional<std::string> latest() const;
  /// The path of the checkpoint with the best metric, the earliest of equal ones; nothing where none has one.
  std::optional<std::string> best() const;

  const std::string& directory() const { return directory_; }

 private:
  /// The best metric and its step.
  struct Record {
    std::int64_t step;
    double metric;
  };

  std::string save_state(std::int64_t step, const StateDict& state, std::optional<double> metric) const;
  std::optional<std::int64_t> load_latest(const Visitor& target) const;
  std::string path_of(std::int64_t step) const;
  std::vector<std::int64_t> steps() const;
  std::optional<Record> record_of(const std::vector<std::int64_t>& steps) const;
  bool is_better(double metric, const std::optional<Record>& record) const;
  void remove_leftovers() const;
  void remove_all_but(const std::optional<Record>& record, const std::vector<std::int64_t>& before) const;

  std::string directory_;
  CheckpointerOptions options_;
};

}  // namespace xgrad::files
