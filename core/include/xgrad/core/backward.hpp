#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "xgrad/core/tape.hpp"

namespace xgrad {

struct GradOptions {
  bool retain_graph = false;
  bool create_graph = false;  ///< record the walk, so that the gradients can be differentiated
  bool allow_unused = false;  ///< an input that outputs do not depend on gets an undefined gradient, no Error
  bool partial = false;  ///< partial derivatives: each input varies alone, and all others stay as they are
};

/// d sum_k(cotangent_k * output_k) / d inputs, without touching any `.grad()`.
///
/// Each output has one element, or comes with a cotangent of its shape. Computes only what lies between
/// outputs and inputs. Throws Error when an input requires no gradient or no output depends on it (see
/// allow_unused).
///
/// With `partial`, no hook of an input runs: what is handed on is a part of its gradient.
/// `partial` matters where one input is made of another: at a = 3, with b = a * a and y = a * b, the gradient
/// of y by {a, b} is {27, 3}, as b varies with a, and with `partial` it is {9, 3}, as b stays 9. It is for a
/// vjp that calls grad: see custom_op.
std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs, GradOptions options = {});
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& cotangents, GradOptions options = {});

}  // namespace xgrad
