#include "xgrad/nn/dropout.hpp"

#include "number.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad::nn {

namespace {

template <class T>
void scale(std::span<T> mask, double kept) {
  for (T& m : mask) m /= static_cast<T>(kept);
}

}  // namespace

Dropout::Dropout(double p, Generator generator) : p_(p), generator_(std::move(generator)) {
  if (!(p >= 0 && p <= 1)) throw Error("Dropout: p must be in [0, 1]: got " + detail::number(p));
}

Tensor Dropout::forward(const Tensor& x) const {
  if (!is_training() || p_ == 0 || x.numel() == 0) return x;
  if (!is_floating(x.dtype())) throw Error("Dropout: x must be floating: x is " + x.describe());
  if (p_ == 1) return x * zeros_like(x);  // as PyTorch: no number is drawn

  Tensor mask = bernoulli(1 - p_, x.shape(), {.dtype = x.dtype()}, generator_);
  if (x.dtype() == float32)
    scale(mask.mutable_data<float>(), 1 - p_);
  else
    scale(mask.mutable_data<double>(), 1 - p_);
  return x * mask;
}

}  // namespace xgrad::nn
