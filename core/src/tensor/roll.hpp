#pragma once

#include "tensor/node.hpp"

namespace xgrad::detail {

#ifndef NDEBUG
/// A layer's tensor that no list of parameters names takes part in a recorded call.
void note_in_loss(Node* n);
#endif

}  // namespace xgrad::detail
