#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/loops/work.hpp"
#include "ops/index/gather.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "tensor/sizes.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/tape.hpp"

// Rows by labels, and labels as rows.

namespace xgrad {

using namespace detail;

Tensor embedding(const Tensor& input, const Tensor& weight, std::optional<std::int64_t> padding_idx) {
  check_index("embedding", "input", input);
  if (weight.dim() != 2) fail("embedding", "the weight must be a matrix: it is " + weight.describe());
  const std::int64_t rows = weight.shape()[0];
  check_range("embedding", input, rows);
  Tensor table = weight;
  if (padding_idx) {
    const std::int64_t row = *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
    if (row < 0 || row >= rows)
      fail("embedding", "padding_idx " + std::to_string(*padding_idx) + " is out of range: the weight is " +
                            weight.describe() + "; rows are " + std::to_string(-rows) + " to " +
                            std::to_string(rows - 1));
    const Tensor is_padding = eq(reshape(input, {input.numel(), 1}), row);
    const Tensor found = index_select(weight, 0, reshape(input, {input.numel()}));
    table = where(is_padding, found.detach(), found);
  } else {
    table = index_select(weight, 0, reshape(input, {input.numel()}));
  }
  Shape shape = input.shape();
  shape.push_back(weight.shape()[1]);
  return reshape(table, shape);
}

namespace {

constexpr Kernel one_hot_kernel = {.name = "one_hot"};

struct Classes {
  std::int64_t num_classes;
  void fields(auto&& field) const { field("num_classes", num_classes); }
};

}  // namespace

Tensor one_hot(const Tensor& x, std::int64_t classes) {
  static constexpr Op op = {.name = "one_hot", .fields = &fields_of<Classes>, .again = [](Call c) {
                              return one_hot(c.x(0), c.attributes<Classes>().num_classes);
                            }};
  check_index("one_hot", "x", x);
  const std::int64_t* p = ptr<std::int64_t>(x);
  if (classes == -1) {
    if (x.numel() == 0)
      fail("one_hot", "the number of classes must be given for an empty tensor: x is " + x.describe());
    classes = sum_of(*std::max_element(p, p + x.numel()), 1);
  }
  check_range("one_hot", x, classes);
  Shape shape = x.shape();
  shape.push_back(classes);
  check_sizes("one_hot", shape);
  Tensor y = zeros_of(shape, int64);
  launch(one_hot_kernel, {.bytes = x.numel() * bytes_of<std::int64_t, std::int64_t>},
         [=, n = x.numel(), to = ptr<std::int64_t>(y)] {
           for (std::int64_t i = 0; i < n; ++i) to[i * classes + p[i]] = 1;
         });
  return pass(op, {x}, std::move(y), [&] { return Classes{classes}; });
}

}  // namespace xgrad
