#include "xgrad/data/dataset.hpp"

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"

namespace xgrad::data {

namespace {

std::string list(const std::vector<Tensor>& tensors) {
  std::string s;
  for (const Tensor& t : tensors) (s += s.empty() ? "" : ", ") += t.defined() ? t.describe() : "undefined";
  return s;
}

template <class F>
TensorDataset each(const TensorDataset& set, F f) {
  std::vector<Tensor> parts;
  parts.reserve(set.tensors().size());
  for (const Tensor& t : set.tensors()) parts.push_back(f(t));
  return TensorDataset(std::move(parts), set.names());
}

}  // namespace

TensorDataset::TensorDataset(std::vector<Tensor> tensors, Names names) {
  if (tensors.empty()) throw Error("TensorDataset: a data set needs a tensor: there is none");
  for (const Tensor& t : tensors)
    if (!t.defined() || t.dim() == 0)
      throw Error("TensorDataset: each tensor must have rows: the tensors are " + list(tensors));
  for (const Tensor& t : tensors)
    if (t.shape()[0] != tensors.front().shape()[0])
      throw Error("TensorDataset: leading sizes must agree: the tensors are " + list(tensors));
  contents_ = std::make_shared<const Contents>(Contents{std::move(tensors), std::move(names)});
}

const Tensor& TensorDataset::targets() const& {
  if (tensors().size() < 2)
    throw Error("TensorDataset::targets: the data set has features alone: it is " + describe() +
                "; give it two tensors");
  return tensors()[1];
}

TensorDataset TensorDataset::with_features(const Tensor& features) const {
  std::vector<Tensor> changed = tensors();
  changed.front() = features;
  return TensorDataset(std::move(changed), names());
}

TensorDataset TensorDataset::slice(std::int64_t start, std::int64_t stop) const {
  return each(*this, [=](const Tensor& t) { return xgrad::slice(t, 0, start, stop); });
}

TensorDataset TensorDataset::index_select(const Tensor& index) const {
  return each(*this, [&](const Tensor& t) { return xgrad::index_select(t, 0, index); });
}

std::string TensorDataset::describe() const { return list(tensors()); }

}  // namespace xgrad::data
