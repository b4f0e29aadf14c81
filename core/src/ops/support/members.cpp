#include "tensor/errors.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

// The members that are functions of the same name.

namespace xgrad {

Tensor Tensor::abs() const { return xgrad::abs(*this); }
Tensor Tensor::exp() const { return xgrad::exp(*this); }
Tensor Tensor::log() const { return xgrad::log(*this); }
Tensor Tensor::sqrt() const { return xgrad::sqrt(*this); }
Tensor Tensor::square() const { return xgrad::square(*this); }
Tensor Tensor::sin() const { return xgrad::sin(*this); }
Tensor Tensor::cos() const { return xgrad::cos(*this); }
Tensor Tensor::tanh() const { return xgrad::tanh(*this); }
Tensor Tensor::sigmoid() const { return xgrad::sigmoid(*this); }
Tensor Tensor::relu() const { return xgrad::relu(*this); }
Tensor Tensor::floor() const { return xgrad::floor(*this); }
Tensor Tensor::ceil() const { return xgrad::ceil(*this); }
Tensor Tensor::sign() const { return xgrad::sign(*this); }
Tensor Tensor::round() const { return xgrad::round(*this); }
Tensor Tensor::neg() const { return xgrad::neg(*this); }
Tensor Tensor::pow(const Tensor& p) const { return xgrad::pow(*this, p); }
Tensor Tensor::pow(Scalar p) const { return xgrad::pow(*this, p); }
Tensor Tensor::clamp(Scalar low, Scalar high) const { return xgrad::clamp(*this, low, high); }
Tensor Tensor::softmax(int axis) const { return xgrad::softmax(*this, axis); }
Tensor Tensor::log_softmax(int axis) const { return xgrad::log_softmax(*this, axis); }

Tensor Tensor::eq(const Tensor& b) const { return xgrad::eq(*this, b); }
Tensor Tensor::eq(Scalar b) const { return xgrad::eq(*this, b); }
Tensor Tensor::ne(const Tensor& b) const { return xgrad::ne(*this, b); }
Tensor Tensor::ne(Scalar b) const { return xgrad::ne(*this, b); }
Tensor Tensor::lt(const Tensor& b) const { return xgrad::lt(*this, b); }
Tensor Tensor::lt(Scalar b) const { return xgrad::lt(*this, b); }
Tensor Tensor::le(const Tensor& b) const { return xgrad::le(*this, b); }
Tensor Tensor::le(Scalar b) const { return xgrad::le(*this, b); }
Tensor Tensor::gt(const Tensor& b) const { return xgrad::gt(*this, b); }
Tensor Tensor::gt(Scalar b) const { return xgrad::gt(*this, b); }
Tensor Tensor::ge(const Tensor& b) const { return xgrad::ge(*this, b); }
Tensor Tensor::ge(Scalar b) const { return xgrad::ge(*this, b); }

Tensor Tensor::matmul(const Tensor& b) const { return xgrad::matmul(*this, b); }
Tensor Tensor::mm(const Tensor& b) const { return xgrad::mm(*this, b); }
Tensor Tensor::dot(const Tensor& b) const { return xgrad::dot(*this, b); }

Tensor Tensor::sum() const { return xgrad::sum(*this); }
Tensor Tensor::sum(const Axes& axes, bool keepdim) const { return xgrad::sum(*this, axes, keepdim); }
Tensor Tensor::mean() const { return xgrad::mean(*this); }
Tensor Tensor::mean(const Axes& axes, bool keepdim) const { return xgrad::mean(*this, axes, keepdim); }
Tensor Tensor::prod() const { return xgrad::prod(*this); }
Tensor Tensor::prod(const Axes& axes, bool keepdim) const { return xgrad::prod(*this, axes, keepdim); }
Tensor Tensor::var(const Axes& axes, int correction, bool keepdim) const {
  return xgrad::var(*this, axes, correction, keepdim);
}
Tensor Tensor::std(const Axes& axes, int correction, bool keepdim) const {
  return xgrad::stddev(*this, axes, correction, keepdim);
}
Tensor Tensor::norm(double p, const Axes& axes, bool keepdim) const {
  return xgrad::norm(*this, p, axes, keepdim);
}
Tensor Tensor::max() const { return xgrad::max(*this); }
Tensor Tensor::min() const { return xgrad::min(*this); }
ValuesAndIndices Tensor::max(int axis, bool keepdim) const { return xgrad::max(*this, axis, keepdim); }
ValuesAndIndices Tensor::min(int axis, bool keepdim) const { return xgrad::min(*this, axis, keepdim); }
Tensor Tensor::argmax() const { return xgrad::argmax(*this); }
Tensor Tensor::argmax(int axis, bool keepdim) const { return xgrad::argmax(*this, axis, keepdim); }
Tensor Tensor::argmin() const { return xgrad::argmin(*this); }
Tensor Tensor::argmin(int axis, bool keepdim) const { return xgrad::argmin(*this, axis, keepdim); }
Tensor Tensor::all(const Axes& axes, bool keepdim) const { return xgrad::all(*this, axes, keepdim); }
Tensor Tensor::any(const Axes& axes, bool keepdim) const { return xgrad::any(*this, axes, keepdim); }
Tensor Tensor::cumsum(int axis) const { return xgrad::cumsum(*this, axis); }

Tensor Tensor::expand(const Shape& shape) const { return xgrad::expand(*this, shape); }
std::vector<Tensor> Tensor::chunk(std::int64_t chunks, int axis) const {
  return xgrad::chunk(*this, chunks, axis);
}
std::vector<Tensor> Tensor::split(std::int64_t size, int axis) const {
  return xgrad::split(*this, size, axis);
}
Tensor Tensor::gather(int axis, const Tensor& index) const { return xgrad::gather(*this, axis, index); }
Tensor Tensor::masked_fill(const Tensor& mask, Scalar value) const {
  return xgrad::masked_fill(*this, mask, value);
}

Tensor Tensor::reshape(const Shape& shape) const& { return xgrad::reshape(*this, shape); }
Tensor Tensor::view(const Shape& shape) const& { return xgrad::view(*this, shape); }
Tensor Tensor::flatten(int start, int end) const& { return xgrad::flatten(*this, start, end); }
Tensor Tensor::transpose(int axis0, int axis1) const { return xgrad::transpose(*this, axis0, axis1); }
Tensor Tensor::permute(const std::vector<int>& axes) const { return xgrad::permute(*this, axes); }
Tensor Tensor::squeeze(int axis) const& { return xgrad::squeeze(*this, axis); }
Tensor Tensor::unsqueeze(int axis) const& { return xgrad::unsqueeze(*this, axis); }

Tensor Tensor::t() const {
  if (dim() != 2) detail::fail("t", "needs a matrix: x is " + describe() + "; use transpose(axis0, axis1)");
  return xgrad::transpose(*this, 0, 1);
}

Tensor Tensor::slice(int axis, std::int64_t start, std::int64_t stop, std::int64_t step) const& {
  return xgrad::slice(*this, axis, start, stop, step);
}
Tensor Tensor::operator[](std::int64_t i) const& { return select(*this, 0, i); }

}  // namespace xgrad
