#pragma once

#include <utility>
#include <vector>

#include "xgrad/core/function.hpp"

namespace xgrad {

namespace detail {
std::vector<Tensor> gradients_per_example_of(const TensorFunction& losses,
                                             const std::vector<Tensor>& parameters,
                                             const std::vector<Tensor>& batch);
}

/// For each parameter the gradients of each example's loss, [examples, parameter...]: what influence
/// functions, Fisher information and private training (Abadi et al., 2016) need. `losses` takes the tensors
/// of the batch, whose first axis are the examples, and returns their losses, [examples]; it uses the
/// parameters, which are leaves that require gradients, by itself. Nobody's `.grad()` changes.
///
/// One call for the batch, one reverse pass, and for each use of a parameter what its rule makes of inputs
/// and cotangents example by example, without a loop: in linear and matmul a product for each example
/// (Goodfellow, Efficient per-example gradient computations, 2015), in convolutions more groups, in
/// embeddings rows, in normalizations and all elementwise ops sums over the other axes. Other ops that take a
/// parameter beside examples, such as those of recurrent layers, are called and differentiated once for each
/// example, and so is the whole function where its calls for one example are not those for the batch. One
/// example is also computed alone, and compared. Inputs and cotangents of all uses are alive together.
///
/// Throws Error where the losses are not one for each example, where the function writes into a tensor or
/// draws random numbers, as batch normalization and dropout do in training, and where an example alone has
/// another gradient than in the batch: there the examples depend on each other.
template <class F>
std::vector<Tensor> gradients_per_example(F losses, const std::vector<Tensor>& parameters,
                                          const std::vector<Tensor>& batch) {
  return detail::gradients_per_example_of(as_function(std::move(losses), "gradients_per_example"), parameters,
                                          batch);
}

}  // namespace xgrad
