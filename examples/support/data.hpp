#pragma once

#include <string>

#include "xgrad/data/dataset.hpp"

namespace example {

/// The path of a file of examples/data, looked for in data::directories(). Throws xgrad::Error where it is in
/// none of them.
std::string data_file(const std::string& name);

/// The training or the test images of Fashion-MNIST, `rows` of them or all for 0; Skip where the package that
/// holds them is not installed.
xgrad::data::TensorDataset fashion_mnist(bool train, int rows = 0);

}  // namespace example
