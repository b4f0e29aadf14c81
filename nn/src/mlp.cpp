#include "xgrad/nn/mlp.hpp"

#include "xgrad/core/error.hpp"
#include "xgrad/nn/dropout.hpp"

namespace xgrad::nn {

Sequential mlp(const std::vector<std::int64_t>& sizes, MlpOptions options) {
  if (sizes.size() < 2)
    throw Error("mlp: needs at least the sizes of the input and of the output: got " + Shape(sizes).str());

  Sequential net;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (i > 0) {
      net.push_back(options.activation);
      if (options.dropout != 0) net.push_back(Dropout(options.dropout, options.generator));
    }
    net.push_back(Linear(sizes[i], sizes[i + 1],
                         {.bias = options.bias, .dtype = options.dtype, .generator = options.generator}));
  }
  return net;
}

}  // namespace xgrad::nn
