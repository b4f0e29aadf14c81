#include "xgrad/core/tensor.hpp"

#include "tensor/capture.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad {

using detail::fail;

void Tensor::undefined(const char* user) {
  throw Error(
      std::string(user) +
      ": a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
}

void Tensor::no_such_axis(int axis) const {
  detail::check_axis("size", axis, *this);
  __builtin_unreachable();
}

const char* Tensor::op_name(const char* user) const { return is_leaf(user) ? "" : node()->op->name; }

namespace {

[[noreturn]] void refuse_type(const char* op, const Tensor& x, DType as) {
  static constexpr const char* types[] = {"float", "double", "std::int64_t", "bool"};
  static constexpr const char* dtypes[] = {"float32", "float64", "int64", "boolean"};
  fail(op, std::string("the elements are not ") + name_of(as) + ": x is " + x.describe() + "; ask for " +
               types[static_cast<int>(x.dtype())] + ", or convert x with x.to(" +
               dtypes[static_cast<int>(as)] + ")");
}

}  // namespace

const void* Tensor::read(DType as) const {
  if (detail::noting) [[unlikely]]
    detail::noting->read("data", *this);
  if (as != dtype("data")) refuse_type("data", *this, as);
  return node()->data;
}

void* Tensor::write(DType as) {
  if (detail::noting) [[unlikely]]
    detail::noting->read("mutable_data", *this);
  if (as != dtype("mutable_data")) refuse_type("mutable_data", *this, as);
  detail::check_writable("mutable_data", *this);
  ++node()->buffer->version;
  return node()->data;
}

Scalar Tensor::flat_scalar(std::int64_t i) const {
  if (detail::noting) [[unlikely]]
    detail::noting->read("to_vector", *this);
  switch (dtype()) {
    case float32:
      return detail::ptr<float>(*this)[i];
    case float64:
      return detail::ptr<double>(*this)[i];
    case int64:
      return detail::ptr<std::int64_t>(*this)[i];
    case boolean:
      return detail::ptr<bool>(*this)[i];
  }
  return 0;
}

Scalar Tensor::item_scalar() const {
  if (detail::noting) [[unlikely]]
    detail::noting->read("item", *this);
  if (numel("item") != 1)
    fail("item", "needs a tensor with one element: x is " + describe() +
                     "; take one by x.at({...}), or all by to_vector()");
  return flat_scalar(0);
}

Scalar Tensor::at_scalar(std::span<const std::int64_t> index) const {
  if (detail::noting) [[unlikely]]
    detail::noting->read("at", *this);
  if (static_cast<int>(index.size()) != dim("at"))
    fail("at",
         "needs one index for each axis: there are " + std::to_string(index.size()) + ", x is " + describe());
  std::int64_t flat = 0;
  for (int k = 0; k < dim(); ++k) {
    const std::int64_t i = index[static_cast<std::size_t>(k)], size = shape()[k];
    if (i < -size || i >= size)
      fail("at", "index " + std::to_string(i) + " is out of range on axis " + std::to_string(k) + ": x is " +
                     describe() + detail::index_range(size));
    flat = flat * size + (i < 0 ? i + size : i);
  }
  return flat_scalar(flat);
}

Tensor& Tensor::requires_grad_(bool on) & {
  if (!is_leaf())
    fail("requires_grad_", std::string("only leaves can be marked: this is the result of ") + op_name() +
                               ", " + describe() + "; use detach() for a leaf with its values");
  if (on) detail::check_has_gradient("requires_grad_", *this);
  node()->requires_grad = on;
  if (on) node()->copy_of = detail::CopyOf::nothing;  // a leaf of its own
  return *this;
}

Tensor Tensor::grad(const char* user) const {
  const detail::Node* n = node(user);
  detail::Node* g = is_leaf() ? n->grad : n->extra ? n->extra->retained : nullptr;
  return g ? share(g) : Tensor();
}

void Tensor::set_grad(const Tensor& g) & {
  if (!is_leaf())
    fail("set_grad", std::string("only leaves hold gradients: this is the result of ") + op_name() + ", " +
                         describe() + "; use detach() for a leaf with its values");
  if (g.defined() && (!(g.shape() == shape()) || g.dtype() != dtype()))
    fail("set_grad", "the gradient must have the tensor's shape and dtype: the tensor is " + describe() +
                         ", the gradient is " + g.describe());
  if (g.defined()) g.node()->copy_of = detail::CopyOf::nothing;  // it is this tensor's gradient from now on
  detail::replace_gradient(node(), g.defined() ? Tensor(g).release() : nullptr);
}

void Tensor::set_grad(const Tensor& g) && {
  if (node()->handles.get() == 1 && node()->links.get() == 1)
    fail("set_grad", "the gradient would be lost: the tensor is a temporary that nothing else holds, " +
                         describe() + "; give it a name first");
  set_grad(g);
}

void Tensor::refuse_lost_write(const char* op) const {
  if (node()->handles.get() == 1)
    fail(op, "the write would be lost: the tensor is a temporary copy of a part of another one, " +
                 describe() + "; change that one by index_put_ or copy_, or give the copy a name first");
}

void Tensor::zero_grad() {
  if (is_leaf())
    set_grad({});
  else if (node()->extra)
    detail::replace_gradient(node(), nullptr);
}

}  // namespace xgrad
