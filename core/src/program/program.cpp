#include "xgrad/core/program.hpp"

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
    const detail::Again again(x, step.attributes.get(), step.outputs);
    const RecordingGuard guard(step.recorded && is_recording());
    if (step.op->again) {
      v[calls_[k].outputs[0]] = step.op->again(again);
    } else {
      std::vector<Tensor> made = step.op->again_all(again);
      for (std::size_t i = 0; i < calls_[k].outputs.size(); ++i)
        v[calls_[k].outputs[i]] = std::move(made.at(i));
    }
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
