#pragma once

#include "xgrad/core/tensor.hpp"
#include "xgrad/data/dataset.hpp"
#include "xgrad/nn/sequential.hpp"

namespace example {

/// A classifier that was trained on real digits, data::digits(), and says what others look like.
class Judge {
 public:
  Judge();

  /// The share of images [n, 64], or of any shape with 64 elements each, that it takes for the class that
  /// they are to be, int64 [n].
  double recognised(const xgrad::Tensor& images, const xgrad::Tensor& classes);
  /// How much those of one class differ, as a share of what real ones do: the standard deviation of a pixel,
  /// the mean over pixels and classes.
  double varied(const xgrad::Tensor& images, const xgrad::Tensor& classes) const;

 private:
  xgrad::data::TensorDataset real_;
  xgrad::nn::Sequential net_;
};

}  // namespace example
