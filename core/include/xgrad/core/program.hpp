#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/attribute.hpp"
#include "xgrad/core/function.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// What a function computed: calls of ops on numbered values, in their order, without what nobody needs.
///
///     Trace trace;
///     const Tensor y = net(x);
///     const Program p = trace.program({x}, {y});
///     p.run({x2})[0];  // net(x2), to the same bits
///
/// Shapes are those of the traced call, and what C++ decided by looking at values (`if (x.item() > 0)`) stays
/// as it was decided. Constants are the traced tensors themselves, with what they hold when the program runs;
/// one that was written while tracing is a copy of what it held before.
class Program {
 public:
  /// A tensor that the program reads or makes.
  struct Value {
    Shape shape;
    DType dtype;
    Tensor constant;  ///< of one that is neither an input nor made by a call: a parameter, a mask, a number
  };
  struct Call {
    std::string op;
    std::vector<std::size_t> inputs, outputs;  ///< places in values()
    std::vector<Attribute> attributes;
  };

  const std::vector<Value>& values() const& { return values_; }
  const std::vector<Call>& calls() const& { return calls_; }
  const std::vector<std::size_t>& inputs() const& { return inputs_; }
  const std::vector<std::size_t>& outputs() const& { return outputs_; }
  // Of a program that ends with the expression: `for (const auto& call : trace(f, {x}).calls())`.
  std::vector<Value> values() && { return std::move(values_); }
  std::vector<Call> calls() && { return std::move(calls_); }
  std::vector<std::size_t> inputs() && { return std::move(inputs_); }
  std::vector<std::size_t> outputs() && { return std::move(outputs_); }

  /// The calls on other inputs, recorded as the function's are where recording is on. Throws Error for
  /// another number of inputs, other shapes or dtypes than those that were traced.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;

  /// A line a call: `%3: f32[2, 4] = softmax(%2) axis=1`.
  std::string str() const;

 private:
  friend class Trace;
  struct Step;

  void find_last_uses();

  std::vector<Value> values_;
  std::vector<Call> calls_;
  std::vector<std::shared_ptr<const Step>> steps_;
  std::vector<std::size_t> inputs_, outputs_;
};

/// Listens to the ops of this thread from its making to its end, which must come on the same thread. Traces
/// nest. A checkpoint is heard as the calls of its function.
class Trace {
 public:
  Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace();

  /// What was heard so far, as a function from `inputs` to `outputs`. Throws Error for an output that no op
  /// has made while tracing, and where one that is needed had been written in place.
  Program program(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) const;

 private:
  class Ear;
  std::unique_ptr<Ear> ear_;
};

namespace detail {
Program trace_of(const TensorFunction& f, const std::vector<Tensor>& inputs);
}

/// The program of f(inputs): one call under a Trace.
template <class F>
Program trace(F f, const std::vector<Tensor>& inputs) {
  return detail::trace_of(as_function(std::move(f), "trace"), inputs);
}

}  // namespace xgrad
