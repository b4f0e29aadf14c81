#include <algorithm>
#include <cmath>

#include "number.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/init.hpp"

// First values with a pattern of zeros.

namespace xgrad::nn::init {

namespace {

/// Writes one element, given by its place in row-major order.
void put(Tensor& t, std::int64_t place, double value) {
  const auto i = static_cast<std::size_t>(place);
  if (t.dtype() == float32)
    t.mutable_data<float>()[i] = static_cast<float>(value);
  else
    t.mutable_data<double>()[i] = value;
}

}  // namespace

Tensor eye_(Tensor t) {
  if (t.dim("eye_") != 2) throw Error("eye_: needs a matrix: got " + t.describe());
  zeros_(t);
  const NoGrad guard;
  for (std::int64_t i = 0; i < std::min(t.size(0), t.size(1)); ++i) put(t, i * t.size(1) + i, 1);
  return t;
}

Tensor dirac_(Tensor t, int groups) {
  if (t.dim("dirac_") < 3 || t.dim() > 5)
    throw Error("dirac_: needs the weight of a convolution, of 3 to 5 axes: got " + t.describe());
  if (groups < 1 || t.size(0) % groups != 0)
    throw Error("dirac_: groups must divide the first size: groups = " + std::to_string(groups) + ", got " +
                t.describe());
  zeros_(t);
  const NoGrad guard;
  const std::int64_t each = t.size(0) / groups;
  std::int64_t field = 1, centre = 0;
  for (int i = 2; i < t.dim(); ++i) field *= t.size(i), centre = centre * t.size(i) + t.size(i) / 2;
  for (std::int64_t g = 0; field > 0 && g < groups; ++g)
    for (std::int64_t d = 0; d < std::min(each, t.size(1)); ++d)
      put(t, ((g * each + d) * t.size(1) + d) * field + centre, 1);
  return t;
}

Tensor sparse_(Tensor t, double sparsity, double stddev, Generator generator) {
  if (t.dim("sparse_") != 2) throw Error("sparse_: needs a matrix: got " + t.describe());
  if (!(sparsity >= 0 && sparsity <= 1))
    throw Error("sparse_: sparsity must be in [0, 1]: got " + detail::number(sparsity));
  const std::int64_t rows = t.size(0), columns = t.size(1);
  const auto zeros = static_cast<std::size_t>(std::ceil(sparsity * static_cast<double>(rows)));
  normal_(t, 0, stddev, generator);
  const NoGrad guard;
  for (std::int64_t c = 0; c < columns; ++c) {
    const auto order = randperm(rows, {}, generator).to_vector<std::int64_t>();
    for (std::size_t i = 0; i < zeros; ++i) put(t, order[i] * columns + c, 0);
  }
  return t;
}

}  // namespace xgrad::nn::init
