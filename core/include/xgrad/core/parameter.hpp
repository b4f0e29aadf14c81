#pragma once

#include "xgrad/core/tensor.hpp"

// What modules and optimizers need of a tensor, and users do not.

namespace xgrad::detail {

/// Gives a leaf the elements and the dtype of `from`, which it shares from then on; the handles on it, and
/// the nodes that have it as an input, stay as they are. A graph that saved the old elements says that they
/// were changed; tensors that shared them, such as t.detach(), keep them.
void rebind(const Tensor& t, const Tensor& from) noexcept;

/// True when this handle is the only way to the tensor: no other handle, no graph, and no tensor that shares
/// its elements, but for a tensor without gradient, which no backward can reach then.
bool is_out_of_reach(const Tensor& t);

// A parameter that its owner's `visit` forgets is not trained and not saved, and nothing fails. In a library
// with assertions an optimizer's step says so, once for each tensor: layers say what they made, lists of
// parameters what they name, and the tape what of the one and not of the other takes part in a loss.
// In a library without assertions none of these does anything.

/// A layer made this tensor, if none has said so before; the name is a literal.
void note_layer(const Tensor& t, const char* layer);
/// The same layer made this one: it replaces `original` in a copy of it.
void note_same_layer(const Tensor& t, const Tensor& original);
/// A list of parameters names this tensor.
void note_listed(const Tensor& t);
/// Lets go of what a list has named since it was used on this thread.
void forget_listed();
/// Writes a line to standard error for each tensor that a layer made, that got a gradient on this thread, and
/// that no list names.
void report_unlisted();

}  // namespace xgrad::detail
