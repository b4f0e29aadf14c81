#include "xgrad/nn/sequential.hpp"

#include "type_name.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::nn {

Tensor Function::forward(const Tensor& x) const {
  if (!f_)
    throw Error("Function: it holds no function to call: called with " + x.describe() +
                "; make it from a function of a tensor");
  return f_(x);
}

void AnyModule::empty() {
  throw Error(
      "AnyModule: it is empty: it was moved from, and holds no layer to call; assign a layer to it first");
}

Tensor Sequential::forward(const Tensor& x) const {
  Tensor y = x;
  for (const AnyModule& layer : layers_) y = layer(y);
  return y;
}

void Sequential::visit(Visitor& v) {
  for (std::size_t i = 0; i < layers_.size(); ++i) v(std::to_string(i), layers_[i]);
}

std::size_t Sequential::checked(std::size_t i) const {
  if (i >= size())
    throw Error("Sequential: there is no layer " + std::to_string(i) + ": it has " + std::to_string(size()) +
                (size() == 1 ? " layer" : " layers") + "; count from 0");
  return i;
}

void Sequential::wrong_type(std::size_t i, const std::type_info& wanted) const {
  const Module& layer = *layers_[i];
  throw Error("Sequential: layer " + std::to_string(i) + " has another type: it is " +
              detail::type_name(typeid(layer)) + ", asked for " + detail::type_name(wanted) +
              "; ask for the type that it is");
}

}  // namespace xgrad::nn
