#pragma once

// Models in the form of ONNX, of and for other programs: the component xgrad::onnx.

#include "xgrad/onnx/load.hpp"
#include "xgrad/onnx/save.hpp"
