#include "layer.hpp"
#include "number.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/nn/init.hpp"
#include "xgrad/nn/recurrent.hpp"

namespace xgrad::nn {

RecurrentBase::RecurrentBase(const Form& form, double dropout, DType dtype, const Generator& generator)
    : form_(form), dropout_(dropout, generator) {
  if (form.input_size < 0 || form.hidden_size < 0 || form.num_layers < 1 || form.proj_size < 0)
    throw Error(std::string(form.name) +
                ": sizes must not be negative, and there must be a layer: input_size = " +
                std::to_string(form.input_size) + ", hidden_size = " + std::to_string(form.hidden_size) +
                ", num_layers = " + std::to_string(form.num_layers) +
                ", proj_size = " + std::to_string(form.proj_size));
  if (form.proj_size > 0 && form.proj_size >= form.hidden_size)
    throw Error(std::string(form.name) + ": proj_size must be less than hidden_size: got " +
                std::to_string(form.proj_size) + " and " + std::to_string(form.hidden_size));
  detail::check_weight_dtype(form.name, dtype);

  const double bound = detail::inverse_root(form.hidden_size);
  const std::int64_t rows = form.gates * form.hidden_size, state = form.state_size();
  const auto parameter = [&](const Shape& shape) {
    return init::uniform_(detail::new_parameter(form.name, shape, dtype), -bound, bound, generator);
  };
  for (std::int64_t layer = 0; layer < form.num_layers; ++layer)
    for (std::int64_t direction = 0; direction < form.directions(); ++direction) {
      RecurrentWeights w;
      w.weight_ih = parameter({rows, layer == 0 ? form.input_size : state * form.directions()});
      w.weight_hh = parameter({rows, state});
      if (form.bias) w.bias_ih = parameter({rows}), w.bias_hh = parameter({rows});
      if (form.proj_size > 0) w.weight_hr = parameter({state, form.hidden_size});
      weights.push_back(std::move(w));
    }
}

void RecurrentBase::visit(Visitor& v) {
  const auto directions = static_cast<std::size_t>(form_.directions());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::string end = "_l" + std::to_string(i / directions) + (i % directions == 1 ? "_reverse" : "");
    RecurrentWeights& w = weights[i];
    v("weight_ih" + end, w.weight_ih), v("weight_hh" + end, w.weight_hh);
    v("bias_ih" + end, w.bias_ih), v("bias_hh" + end, w.bias_hh);
    v("weight_hr" + end, w.weight_hr);
  }
  if (dropout_.probability() > 0) v("dropout", dropout_);
}

std::string RecurrentBase::extra_repr() const {
  std::string text = std::to_string(form_.input_size) + ", " + std::to_string(form_.hidden_size);
  if (form_.proj_size > 0) text += ", proj_size=" + std::to_string(form_.proj_size);
  if (form_.num_layers != 1) text += ", num_layers=" + std::to_string(form_.num_layers);
  if (!form_.bias) text += ", bias=false";
  if (form_.batch_first) text += ", batch_first=true";
  if (form_.bidirectional) text += ", bidirectional=true";
  return text;
}

LstmState RecurrentBase::start_of(const LstmState& start, std::size_t i, const Tensor& x) const {
  const auto part = [&](const Tensor& all, std::int64_t size) {
    return all.defined() ? select(all, 0, static_cast<std::int64_t>(i)) : zeros({x.size(1), size}, x.dtype());
  };
  return {part(start.h, form_.state_size()), form_.gates == 4 ? part(start.c, form_.hidden_size) : Tensor()};
}

namespace {

/// States of layers, along a new first axis.
Tensor joined(const std::vector<Tensor>& states) {
  if (!states[0].defined()) return {};
  return states.size() == 1 ? unsqueeze(states[0], 0) : stack(states);
}

/// f of what is defined.
template <class F>
Tensor if_defined(const Tensor& t, F f) {
  return t.defined() ? f(t) : t;
}

}  // namespace

LstmResult RecurrentBase::run(const Tensor& input, const LstmState& start, const Tensor& lengths) const {
  check(input, start, lengths);
  if (input.dim() == 2) {  // as a batch of one
    const auto in_batch = [](const Tensor& t) { return unsqueeze(t, 1); };
    const auto alone = [](const Tensor& t) { return squeeze(t, 1); };
    const LstmResult r = run(unsqueeze(input, form_.batch_first ? 0 : 1),
                             {if_defined(start.h, in_batch), if_defined(start.c, in_batch)}, lengths);
    return {squeeze(r.outputs, form_.batch_first ? 0 : 1), {alone(r.state.h), if_defined(r.state.c, alone)}};
  }

  Tensor x = form_.batch_first ? transpose(input, 0, 1) : input;
  const auto directions = static_cast<std::size_t>(form_.directions());
  std::vector<Tensor> h, c;
  while (h.size() < weights.size()) {
    if (!h.empty() && dropout_.probability() > 0) x = dropout_(x);
    std::vector<Tensor> outputs;
    for (std::size_t direction = 0; direction < directions; ++direction) {
      const std::size_t i = h.size();
      LstmResult r =
          one_way(x, start_of(start, i, x), weights[i], {.reverse = direction == 1, .lengths = lengths});
      outputs.push_back(std::move(r.outputs));
      h.push_back(std::move(r.state.h)), c.push_back(std::move(r.state.c));
    }
    x = directions == 1 ? outputs[0] : cat(outputs, -1);
  }
  return {form_.batch_first ? transpose(x, 0, 1) : x, {joined(h), joined(c)}};
}

}  // namespace xgrad::nn
