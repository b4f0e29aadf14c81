#pragma once

#include <vector>

#include "xgrad/core/tape.hpp"

// Gradients that a kernel computes in one pass, and that are differentiable as well: their own gradients are
// those of the same function written in ops.

namespace xgrad::detail {

/// A gradient written in ops, from the inputs of its node; the node has its attributes.
using Composed = std::vector<Tensor> (*)(const std::vector<Tensor>& x, Fn f);

/// The rule of a node whose outputs are those of `composed`: fills dx from the cotangents g of the outputs.
void differentiate(Composed composed, std::span<const Tensor> g, Fn f, std::span<Tensor> dx);

/// The rules of such a node.
template <Composed composed>
inline constexpr JointRule derived = {
    keep::every_x,
    [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) { differentiate(composed, g, f, dx); }};

}  // namespace xgrad::detail
