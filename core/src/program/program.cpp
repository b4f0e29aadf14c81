#include "xgrad/core/program.hpp"

#include <algorithm>

#include "autodiff/listen.hpp"
#include "program/step.hpp"
#include "tensor/errors.hpp"

namespace xgrad {

using detail::fail;

std::string to_string(const Attribute& attribute) {
  struct {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return detail::short_text(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<std::int64_t>& v) const { return Shape(v).str(); }
  } text;
  return attribute.name + "=" + std::visit(text, attribute.value);
}

namespace {

/// Keeps what an op computes for its rules.
struct ScratchOf : detail::Listener {
  explicit ScratchOf(const detail::Op& of) : Listener(false), op(of) {}

  void hear(const detail::Heard& call) override {
    if (&call.op != &op) return;
    kept.clear();
    for (const detail::Ref& x : call.scratch) kept.push_back(*x.tensor);
  }
  void hear_write(const char*, const Tensor&) override {}

  const detail::Op& op;
  std::vector<Tensor> kept;
};

}  // namespace

std::vector<Tensor> Program::Step::make(std::vector<Tensor> inputs, std::vector<Tensor>& kept) const {
  const auto call = [&] {
    const detail::Again again(inputs, attributes.get(), outputs);
    return op->again ? std::vector{op->again(again)} : op->again_all(again);
  };
  if (scratch.empty()) return call();
  // An op may compute for its rules only where there are any.
  const bool wanted =
      is_recording() && std::ranges::any_of(inputs, [](const Tensor& x) { return x.requires_grad(); });
  if (!wanted)
    for (Tensor& x : inputs)
      if (is_floating(x.dtype())) x = x.detach().requires_grad_();
  const EnableGrad guard;
  ScratchOf ear(*op);
  std::vector<Tensor> made = call();
  if (!wanted)
    for (Tensor& y : made) y = y.detach();
  kept = std::move(ear.kept);
  return made;
}

std::vector<Tensor> Program::run(const std::vector<Tensor>& inputs) const {
  if (inputs.size() != inputs_.size())
    fail("Program", "it needs " + std::to_string(inputs_.size()) + " inputs: there are " +
                        std::to_string(inputs.size()));
  std::vector<Tensor> v(values_.size());
  for (std::size_t k = 0; k < values_.size(); ++k) v[k] = values_[k].constant;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& traced = values_[inputs_[i]];
    if (inputs[i].dtype("Program") != traced.dtype || !(inputs[i].shape() == traced.shape))
      fail("Program", "input " + std::to_string(i) + " must be as it was traced, " + name_of(traced.dtype) +
                          traced.shape.str() + ": it is " + inputs[i].describe() +
                          "; trace the function again");
    v[inputs_[i]] = inputs[i];
  }
  std::vector<Tensor> x;
  for (std::size_t k = 0; k < calls_.size(); ++k) {
    const Step& step = *steps_[k];
    x.clear();
    for (std::size_t i : calls_[k].inputs) x.push_back(v[i]);
    const RecordingGuard guard(step.recorded && is_recording());
    std::vector<Tensor> scratch, made = step.make(x, scratch);
    for (std::size_t i = 0; i < calls_[k].outputs.size(); ++i)
      v[calls_[k].outputs[i]] = std::move(made.at(i));
    for (const Step::Scratch& s : step.scratch) v[s.place] = scratch.at(s.number);
    for (std::size_t i : step.last_uses) v[i] = {};
  }
  std::vector<Tensor> y;
  for (std::size_t i : outputs_) y.push_back(v[i]);
  return y;
}

std::string Program::str() const {
  const auto type = [&](std::size_t i) { return name_of(values_[i].dtype) + values_[i].shape.str(); };
  const auto list = [](const std::vector<std::size_t>& places, auto text) {
    std::string s;
    for (std::size_t i : places) s += (s.empty() ? "" : ", ") + text(i);
    return s;
  };
  const auto number = [](std::size_t i) { return std::string("%") += std::to_string(i); };
  const auto typed = [&](std::size_t i) { return number(i) + ": " + type(i); };
  std::string s;
  for (std::size_t i : inputs_) s += typed(i) + " = input\n";
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (values_[i].constant.defined()) s += typed(i) + " = constant\n";
  for (const Call& c : calls_) {
    s += list(c.outputs, typed) + " = " + c.op + "(" + list(c.inputs, number) + ")";
    for (const Attribute& a : c.attributes) s += " " + to_string(a);
    s += "\n";
  }
  return s + "return " + list(outputs_, number) + "\n";
}

}  // namespace xgrad
