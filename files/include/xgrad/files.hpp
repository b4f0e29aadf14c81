#pragma once

// Reading and writing of files: tensors and states by name.

#include "xgrad/files/checkpoint.hpp"
#include "xgrad/files/safetensors.hpp"
