#include <algorithm>
#include <unordered_map>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "program/step.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/program.hpp"

namespace xgrad {

using detail::fail;

/// Numbers every tensor that it hears of, and keeps it, so that no other one takes its place in memory.
class Trace::Ear : public detail::Listener {
 public:
  Ear() : Listener(true) {}

  struct Heard {
    const detail::Op* op;
    std::shared_ptr<const void> attributes;
    std::vector<std::size_t> inputs, outputs, scratch;
    bool recorded;
  };
  struct Value {
    Tensor tensor;
    std::size_t made_by = nobody;   ///< the call
    const char* written = nullptr;  ///< by what, after which its elements are no op's
  };
  static constexpr std::size_t nobody = SIZE_MAX;

  void hear(const detail::Heard& call) override {
    Heard heard{&call.op, call.attributes, {}, {}, {}, is_recording() || !was_recording_};
    for (const detail::Ref& x : call.inputs) heard.inputs.push_back(number_of(*x.tensor));
    for (const Tensor& y : call.outputs) {
      if (const auto before = number_.find(y.node()); before != number_.end())
        first_.try_emplace(y.node(), before->second);
      heard.outputs.push_back(add({y, calls.size()}));
    }
    for (const detail::Ref& y : call.scratch) {  // which a rule may read while the trace lives
      // What is an output as well, such as indices, has its number already.
      const auto same = [&](const Tensor& made) { return made.node() == y.tensor->node(); };
      const bool alone = y.tensor->defined() && std::ranges::none_of(call.outputs, same);
      heard.scratch.push_back(alone ? add({*y.tensor, calls.size()}) : nobody);
    }
    calls.push_back(std::move(heard));
  }

  /// Constants that would change with x are copied; what shares its elements is no longer what it was.
  void hear_write(const char* op, const Tensor& x) override {
    std::vector<Tensor> changed;
    for (std::size_t k = 0; k < values.size(); ++k) {
      Value& v = values[k];
      if (v.written || v.tensor.node()->buffer != x.node()->buffer) continue;
      changed.push_back(v.tensor);
      if (v.made_by != nobody) continue;
      first_.try_emplace(v.tensor.node(), k);
      v.tensor = v.tensor.detach().clone();
    }
    for (const Tensor& t : changed) add({t, nobody, op});
  }

  /// The value that the tensor is now, which is a constant unless a call has made it.
  std::size_t number_of(const Tensor& x) {
    const auto found = number_.find(x.node());
    return found == number_.end() ? add({x}) : found->second;
  }
  /// The value that the tensor was before anything was written to it.
  std::size_t first_number_of(const Tensor& x) {
    const auto found = first_.find(x.node());
    return found == first_.end() ? number_of(x) : found->second;
  }

  std::vector<Heard> calls;
  std::vector<Value> values;

 private:
  std::size_t add(Value v) {
    number_[v.tensor.node()] = values.size();
    values.push_back(std::move(v));
    return values.size() - 1;
  }

  std::unordered_map<const void*, std::size_t> number_, first_;
  bool was_recording_ = is_recording();
};

Trace::Trace() : ear_(std::make_unique<Ear>()) {}
Trace::~Trace() = default;

Program Trace::program(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) const {
  const detail::Unheard guard;
  Program p;
  Ear& ear = *ear_;
  std::vector<std::size_t> given, wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) fail("trace", "input " + std::to_string(i) + " is undefined; leave it out");
    given.push_back(ear.first_number_of(inputs[i]));
    if (std::find(given.begin(), given.end() - 1, given.back()) != given.end() - 1)
      fail("trace", "input " + std::to_string(i) + " is the same tensor as an earlier one: it is " +
                        inputs[i].describe() + "; pass a clone() to keep them apart");
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k].defined()) fail("trace", "output " + std::to_string(k) + " is undefined; leave it out");
    wanted.push_back(ear.number_of(outputs[k]));
    if (const char* written = ear.values[wanted[k]].written)
      fail("trace", "output " + std::to_string(k) + " was changed in place by " + written +
                        ", which no program repeats: " + outputs[k].describe() +
                        "; compute a new tensor instead");
    if (ear.values[wanted[k]].made_by == Ear::nobody && std::ranges::find(given, wanted[k]) == given.end())
      fail("trace", "output " + std::to_string(k) + " was made by no op that was heard: it is " +
                        outputs[k].describe() + "; compute it from the inputs while the trace lives");
  }

  // Which calls are needed, from the last one back.
  std::vector<bool> value_needed(ear.values.size()), call_needed(ear.calls.size());
  for (std::size_t v : wanted) value_needed[v] = true;
  for (std::size_t k = ear.calls.size(); k-- > 0;) {
    const auto is_wanted = [&](std::size_t v) {
      return v != Ear::nobody && value_needed[v] && std::ranges::find(given, v) == given.end();
    };
    call_needed[k] = ear.calls[k].op->draws || std::ranges::any_of(ear.calls[k].outputs, is_wanted) ||
                     std::ranges::any_of(ear.calls[k].scratch, is_wanted);
    if (!call_needed[k]) continue;
    const detail::Op& op = *ear.calls[k].op;
    if (!op.again && !op.again_all)
      fail("trace",
           std::string(op.name) + " cannot be called again; compute its result outside of the trace");
    for (std::size_t v : ear.calls[k].inputs) value_needed[v] = true;
  }

  // Values in the order in which they are met: inputs, constants and results as their calls come.
  std::vector<std::size_t> place(ear.values.size(), Ear::nobody);
  const auto place_of = [&](std::size_t v) {
    if (place[v] != Ear::nobody) return place[v];
    const auto& [tensor, made_by, written] = ear.values[v];
    if (written)
      fail("trace", std::string("a value was changed in place by ") + written +
                        ", which no program repeats: " + tensor.describe() +
                        "; compute a new tensor instead");
    p.values_.push_back({tensor.shape(), tensor.dtype(), made_by == Ear::nobody ? tensor : Tensor()});
    return place[v] = p.values_.size() - 1;
  };
  for (std::size_t v : given) {
    const std::size_t at = place_of(v);
    p.values_[at].constant = {};
    p.inputs_.push_back(at);
  }
  for (std::size_t k = 0; k < ear.calls.size(); ++k) {
    if (!call_needed[k]) continue;
    const Ear::Heard& heard = ear.calls[k];
    Program::Call call{heard.op->name, {}, {}, {}};
    auto step =
        std::make_shared<Program::Step>(Program::Step{heard.op, heard.attributes, {}, heard.recorded});
    for (std::size_t v : heard.inputs) call.inputs.push_back(place_of(v));
    for (std::size_t v : heard.outputs) {
      call.outputs.push_back(place_of(v));
      step->outputs.push_back({ear.values[v].tensor.shape(), ear.values[v].tensor.dtype()});
    }
    for (std::size_t i = 0; i < heard.scratch.size(); ++i)
      if (const std::size_t v = heard.scratch[i]; v != Ear::nobody && value_needed[v])
        step->scratch.push_back({i, place_of(v)});
    if (heard.op->fields) call.attributes = heard.op->fields->list(heard.attributes.get());
    p.calls_.push_back(std::move(call));
    p.steps_.push_back(std::move(step));
  }
  for (std::size_t v : wanted) p.outputs_.push_back(place_of(v));
  p.find_last_uses();
  return p;
}

/// Where each value that is no output is let go of.
void Program::find_last_uses() {
  std::vector<bool> needed(values_.size());
  for (std::size_t v : outputs_) needed[v] = true;
  for (std::size_t k = calls_.size(); k-- > 0;) {
    auto step = std::make_shared<Step>(*steps_[k]);
    const auto use = [&](std::size_t v) {
      if (!needed[v]) needed[v] = true, step->last_uses.push_back(v);
    };
    for (std::size_t v : calls_[k].inputs) use(v);
    for (std::size_t v : calls_[k].outputs) use(v);
    for (const Step::Scratch& s : step->scratch) use(s.place);
    steps_[k] = std::move(step);
  }
}

Program detail::trace_of(const TensorFunction& f, const std::vector<Tensor>& inputs) {
  const Trace trace;
  const std::vector<Tensor> outputs = f(inputs);
  return trace.program(inputs, outputs);
}

}  // namespace xgrad
