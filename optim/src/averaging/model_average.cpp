#include "xgrad/optim/averaging/model_average.hpp"

#include <string>
#include <unordered_map>

#include "pass.hpp"
#include "xgrad/core/dtype.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {
    .name = "model_average", .elementwise = true, .owner = "update_parameters"};

/// average += share (values - average).
void move_towards(Tensor& average, const Tensor& values, double share) {
  detail::with_type(average.dtype(), [&]<class T>(T) {
    const T *v = values.data<T>().data(), by = static_cast<T>(share);
    detail::each_part(kernel, 3, average.mutable_data<T>(), [&](std::int64_t first, std::span<T> part) {
      for (std::size_t i = 0; i < part.size(); ++i)
        part[i] += by * (v[first + static_cast<std::int64_t>(i)] - part[i]);
    });
  });
}

/// True for elements in memory that must not be written, which are their own average.
bool is_fixed(const Tensor& t) { return t.node()->buffer->read_only; }

}  // namespace

AppliedAverage::AppliedAverage(const ModelTensors& model) {
  const NoGrad guard;
  for (const auto& member : model.members())
    if (!is_fixed(member.tensor)) kept_.push_back({member.tensor, member.tensor.detach().clone()});
}

void AppliedAverage::restore() {
  const NoGrad guard;
  for (Kept& kept : kept_) kept.tensor.copy_(kept.values);
  kept_.clear();
}

ModelAverage::ModelAverage(const char* name, const ModelTensors& model, Buffers buffers)
    : name_(name), buffers_(buffers) {
  const NoGrad guard;
  std::unordered_map<std::string, const Tensor*> seen;
  for (const auto& [member, tensor, is_buffer] : model.members()) {
    const std::string op = std::string(name) + ": '" + member + "' ";
    if (!tensor.defined()) throw Error(op + "is undefined; leave it out of the list");
    if (!is_buffer && !is_floating(tensor.dtype()))
      throw Error(op + "has no average: it is " + tensor.describe() + "; leave it out, or make it floating");
    if (!seen.emplace(member, &tensor).second)
      throw Error(op + "is the name of two tensors: " + tensor.describe() + "; give each a name of its own");
    if (is_buffer && buffers == Buffers::left_out) continue;
    const bool is_copy = is_buffer && (buffers == Buffers::copied || !is_floating(tensor.dtype()));
    averages_.push_back({member, tensor.detach().clone(), is_copy});
  }
  if (averages_.empty())
    throw Error(std::string(name) +
                ": there is nothing to average: the list of parameters is empty; name the members in the "
                "module's visit");
}

std::vector<Tensor> ModelAverage::matched(const ModelTensors& model) const {
  std::vector<Tensor> tensors;
  for (const auto& [member, tensor, is_buffer] : model.members()) {
    if (is_buffer && buffers_ == Buffers::left_out) continue;
    const std::string op = std::string(name_) + ": the model is another one: ";
    const std::string remedy = "; pass that which the average was made of, or a clone";
    if (tensors.size() == averages_.size()) throw Error(op + "'" + member + "' is new" + remedy);
    const Average& average = averages_[tensors.size()];
    if (member != average.name)
      throw Error(op + "'" + member + "' is where '" + average.name + "' was" + remedy);
    if (!tensor.defined() || tensor.shape() != average.values.shape() ||
        is_floating(tensor.dtype()) != is_floating(average.values.dtype()))
      throw Error(op + "'" + member + "' is " + (tensor.defined() ? tensor.describe() : "undefined") +
                  ", and was " + average.values.describe() + remedy);
    tensors.push_back(tensor);
  }
  if (tensors.size() < averages_.size())
    throw Error(std::string(name_) + ": the model is another one: '" + averages_[tensors.size()].name +
                "' is missing; pass that which the average was made of, or a clone");
  return tensors;
}

void ModelAverage::update_parameters(const ModelTensors& model) {
  const std::vector<Tensor> tensors = matched(model);
  const NoGrad guard;
  const double by = share(n_averaged_ + 1);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (Tensor& average = averages_[i].values; average.dtype() != tensors[i].dtype())
      average = average.to(tensors[i].dtype());
  ++n_averaged_;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (auto& [name, average, is_copy] = averages_[i]; is_copy || by == 1)
      average.copy_(tensors[i]);
    else
      move_towards(average, tensors[i], by);
}

AppliedAverage ModelAverage::apply(const ModelTensors& model) const {
  (void)matched(model);
  AppliedAverage applied(model);
  copy_to(model);
  return applied;
}

void ModelAverage::copy_to(const ModelTensors& model) const {
  std::vector<Tensor> tensors = matched(model);
  const NoGrad guard;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (!is_fixed(tensors[i])) tensors[i].copy_(averages_[i].values);
}

std::vector<NamedTensor> ModelAverage::averages() const {
  std::vector<NamedTensor> named;
  for (const Average& average : averages_) named.push_back({average.name, average.values});
  return named;
}

void ModelAverage::visit(Visitor& v) {
  v.fixed("average", name_);
  v("n_averaged", n_averaged_);
  visit_options(v);
  v.in("averages", [&] {
    for (Average& average : averages_) v.buffer(average.name, average.values);
  });
  v.check([this] {
    if (n_averaged_ < 0)
      throw Error(std::string(name_) + ": n_averaged must be at least 0: it is " +
                  std::to_string(n_averaged_));
    check_options();
  });
}

}  // namespace xgrad::optim
