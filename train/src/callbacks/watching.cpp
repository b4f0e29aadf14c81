#include "xgrad/train/callbacks/watching.hpp"

#include <algorithm>
#include <cmath>

#include "parameter_names.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/profile.hpp"

namespace xgrad::train {

namespace {

bool is_finite(const Tensor& g) {
  const auto all = [](auto values) {
    return std::ranges::all_of(values, [](auto v) { return std::isfinite(v); });
  };
  return g.dtype() == float32 ? all(g.data<float>()) : all(g.data<double>());
}

}  // namespace

std::vector<NamedTensor> named_parameters_of(const Training& training) {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < training.parameters().size(); ++i)
    named.push_back({"parameter " + std::to_string(i), training.parameters()[i]});
  if (training.model())
    for (const NamedTensor& p : training.model()->named_parameters())
      for (NamedTensor& n : named)
        if (n.tensor.node() == p.tensor.node()) n.name = p.name;
  return named;
}

void NanGuard::on_gradients(Training& training) {
  for (std::size_t i = 0; i < training.parameters().size(); ++i) {
    const Tensor g = training.parameters()[i].grad();
    if (g.defined() && !is_finite(g)) [[unlikely]]
      training.blame("NanGuard: a gradient must be finite: that of \"" +
                     named_parameters_of(training)[i].name + "\", " + g.describe() + ", is not");
  }
}

ProfileStep::ProfileStep(std::int64_t step, std::string trace) : step_(step), trace_(std::move(trace)) {
  if (step < 2) throw Error("ProfileStep: the step must be at least 2: it is " + std::to_string(step));
}

void ProfileStep::on_step(Training& training) {
  if (training.steps() == step_ - 1) {
    profile_ = std::make_shared<Profile>();
  } else if (profile_) {
    auto& profile = *static_cast<Profile*>(profile_.get());
    profile.stop();
    training.tell("step " + std::to_string(step_) + ":\n" + profile.str());
    if (!trace_.empty()) profile.write_trace(trace_);
    profile_.reset();
  }
}

void ProfileStep::on_end(Training&) { profile_.reset(); }

}  // namespace xgrad::train
