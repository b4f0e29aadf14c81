#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

/// What a model is made of and what one call of it costs: `std::cout << nn::summary(model, {32, 1, 28, 28})`.
struct Summary {
  /// A module of the model, in the order of the visit, the model itself first.
  struct Row {
    std::string path;
    std::string type;
    std::size_t depth = 0;
    std::int64_t calls = 0;          ///< in this run
    std::optional<Shape> output;     ///< of the last call; of several results the first
    std::int64_t parameters = 0;     ///< of its own, without those of the modules in it
    std::int64_t multiply_adds = 0;  ///< of its products and convolutions, and of the modules in it
  };
  std::vector<Row> rows;

  std::int64_t parameters = 0, trainable_parameters = 0;
  std::int64_t parameter_bytes = 0, buffer_bytes = 0;
  std::int64_t multiply_adds = 0;

  /// The table, with the sums below it.
  std::string str() const;
};
std::ostream& operator<<(std::ostream& out, const Summary& summary);

/// The summary of one call with zeros of this shape, in eval mode and without recording; modes come back.
/// Multiply-adds are those that the kernels report: of matrix products and convolutions.
Summary summary(Module& model, const Shape& shape, DType dtype = float32);
/// The same of any call: `nn::summary(model, [&] { model(source, target, mask); })`.
Summary summary(ModuleBase& model, const std::function<void()>& call);

}  // namespace xgrad::nn
