#pragma once

#include "kernels/convolution/im2col.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

struct Convolution {
  Window window;
  int groups = 1;

  void fields(auto&& field) const {
    window.fields_of_steps(field);
    field("groups", groups);
  }
};
static_assert(sizeof(Convolution) <= 24);

// The values of a convolution y = C(x, w) and of its two transposes, of operands that are checked.

/// y[n, o, oh, ow] of images x[n, c, h, w] and weights w[o, c / groups, kh, kw]; the bias may be undefined.
Tensor convolved(const Tensor& x, const Tensor& w, const Tensor& bias, const Convolution& k);
/// The gradient of images of this shape from the cotangents g of y.
Tensor convolved_image(const Tensor& g, const Tensor& w, const Shape& image, const Convolution& k);
/// The gradient of weights of this shape.
Tensor convolved_weight(const Tensor& x, const Tensor& g, const Shape& weight, const Convolution& k);

}  // namespace xgrad::detail
