#pragma once

#include "tensor/node.hpp"

namespace xgrad::detail {

/// a + b in a new tensor.
Tensor add_grads(const Tensor& a, const Tensor& b, bool create_graph);
/// x += g on the elements, of the same shape and dtype.
void add_in_place(Node* x, const Tensor& g);
/// g summed over the axes along which `shape` was broadcast. Throws Error, naming `op`, when it was not.
Tensor sum_to(const char* op, const Tensor& g, const Shape& shape);
/// Rules of parts add to the gradient of a whole that is at least as large: see Rule::add.
inline constexpr std::int64_t add_parts_from = 64;
/// Whether no place is named twice. Where one is, a rule does not add in place: (x + a) + b has other bits
/// than x + (a + b), which is what it gives where the sum may not be written.
bool are_distinct(const Tensor& places);
Tensor ones_of(const Shape& shape, DType dtype);

}  // namespace xgrad::detail
