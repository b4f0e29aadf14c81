#pragma once

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::nn {

using xgrad::NamedTensor;
using xgrad::Visitor;

}  // namespace xgrad::nn
