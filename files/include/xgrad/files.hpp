#pragma once

// Reading and writing of files: tensors and states by name.

#include "xgrad/files/checkpoint.hpp"
#include "xgrad/files/npy.hpp"
#include "xgrad/files/npz.hpp"
#include "xgrad/files/pt.hpp"
#include "xgrad/files/safetensors.hpp"
