#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "autodiff/listen.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// A call that was heard, with all that it read and made, which stays alive with it.
struct HeardCall {
  const Op* op;
  std::vector<Tensor> inputs;  ///< with the op's scratch behind the others
  std::size_t count;           ///< of inputs without scratch
  std::vector<Tensor> outputs;
  std::shared_ptr<const void> attributes;

  Heard as_heard(std::vector<Ref>& refs) const;  ///< `refs` holds what it refers to
};

/// Writes down all calls of the thread, and refuses what makes examples depend on each other.
class CallList : public Listener {
 public:
  CallList() : Listener(true) {}
  void hear(const Heard& call) override;
  void hear_write(const char* op, const Tensor& x) override;

  std::vector<HeardCall> calls;
};

/// Where the examples of a tensor are: its elements in their order are [outer, examples, inner].
struct Layout {
  std::int64_t inner;
};

/// What a function computed for a batch, beside the same for one example.
class TwoRuns {
 public:
  TwoRuns(std::vector<HeardCall> batch_calls, std::vector<HeardCall> single_calls,
          const std::vector<Tensor>& parameters, const std::vector<Tensor>& batch,
          const std::vector<Tensor>& single, std::int64_t examples);

  /// False where the runs differ in more than sizes, or examples stand in no order that is known: then each
  /// example is to be computed by itself.
  bool agree() const { return agree_; }

  /// A call that takes parameters, or what was made of parameters only, to examples.
  struct Use {
    std::size_t call;
    std::vector<std::size_t> inputs;
  };
  const std::vector<Use>& uses() const { return uses_; }
  const HeardCall& call(std::size_t i) const { return calls_[i]; }
  const HeardCall& single(std::size_t i) const { return single_[i]; }
  std::int64_t examples() const { return examples_; }

  /// Whether x is of examples.
  bool is_of_examples(const Tensor& x) const { return layouts_.contains(x.node()); }
  /// x, or something of its shape, as [examples, shape of the same for one...].
  Tensor by_examples(const Tensor& x, const Tensor& of) const;
  /// The call that made x of parameters only; null for a parameter.
  const HeardCall* maker(const Tensor& x) const;

 private:
  struct Place {
    Layout layout;
    Shape single;
  };
  void look_at(std::size_t i);
  std::optional<Layout> layout_of(const Tensor& y, const Shape& single, const HeardCall& call) const;

  std::vector<HeardCall> calls_, single_;
  std::int64_t examples_;
  bool agree_ = true;
  std::vector<Use> uses_;
  std::unordered_map<const Node*, Place> layouts_;
  std::unordered_map<const Node*, std::size_t> of_parameters_;  // -> the call behind it, counted from 1
  std::unordered_map<const Node*, bool> depends_;               // on examples, by values if not by sizes
};

}  // namespace xgrad::detail
