#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

class Program;

/// The graph behind y in Graphviz's language: ops with dtype and shape, leaves that require gradients in
/// boxes, edges in the direction of computation, dashed where the consumer's rules keep the value, and with
/// its number where they lead from one of several outputs. `dot -Tsvg` draws it.
std::string to_dot(const Tensor& y);

/// The same picture of a program: ops with their attributes, inputs and constants in boxes, what it returns
/// with a double line.
std::string to_dot(const Program& program);

/// A table of the graph behind y, in the order of computation: for calls of one op with outputs of one shape
/// how many there are, and the bytes of values that their rules keep for backward, each value once; then the
/// leaves with their bytes, and what is kept in all.
std::string summary(const Tensor& y);

/// The same table of a program, with attributes and the bytes of the outputs; then the inputs, the constants
/// and all calls.
std::string summary(const Program& program);

}  // namespace xgrad
