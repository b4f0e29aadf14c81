#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// The graph behind y in Graphviz's language: ops with dtype and shape, leaves that require gradients in
/// boxes, edges in the direction of computation, dashed where the consumer's rules keep the value. `dot
/// -Tsvg` draws it.
std::string to_dot(const Tensor& y);

/// A table of the graph behind y: for each kind of op the number of nodes, and the bytes of values that their
/// rules keep for backward; then the leaves, and the totals.
std::string summary(const Tensor& y);

}  // namespace xgrad
