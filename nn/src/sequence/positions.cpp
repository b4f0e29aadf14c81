#include "xgrad/nn/positions.hpp"

#include "number.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::nn {

namespace {

void check_base(const char* op, double base) {
  if (!(base > 0)) throw Error(std::string(op) + ": the base must be positive: got " + detail::number(base));
}

/// Cosines and sines, [steps, pairs].
struct Turn {
  Tensor cosine, sine;
};

/// Of the angles p base^(-2i / size), for the positions p from `offset` on and the pairs i. In float64: at
/// position 10,000 a float32 angle is off by 1e-3.
Turn turn(std::int64_t steps, std::int64_t size, double base, std::int64_t offset, DType dtype) {
  const Tensor position = arange(offset, offset + steps, 1, float64), pair = arange((size + 1) / 2, float64);
  const Tensor angle = unsqueeze(position, 1) * pow(base, pair * (-2 / static_cast<double>(size)));
  return {cos(angle).to(dtype), sin(angle).to(dtype)};
}

}  // namespace

Tensor sinusoidal_positions(std::int64_t steps, std::int64_t size, const SinusoidalOptions& o) {
  constexpr const char* op = "sinusoidal_positions";
  check_base(op, o.base);
  if (steps < 0 || size < 0 || o.offset < 0)
    throw Error(std::string(op) + ": numbers must not be negative: steps = " + std::to_string(steps) +
                ", size = " + std::to_string(size) + ", offset = " + std::to_string(o.offset));
  if (!is_floating(o.dtype))
    throw Error(std::string(op) + ": needs a floating dtype: got " + name_of(o.dtype));
  const auto [cosine, sine] = turn(steps, size, o.base, o.offset, o.dtype);
  const Tensor pairs = reshape(stack({sine, cosine}, 2), {steps, 2 * cosine.size(1)});
  return size % 2 == 0 ? pairs : slice(pairs, 1, 0, size);  // an odd size ends in a sine
}

SinusoidalPositions::SinusoidalPositions(std::int64_t size, SinusoidalPositionsOptions options)
    : options_(options),
      table_(sinusoidal_positions(options.max_steps, size, {.base = options.base, .dtype = float64})) {}

Tensor SinusoidalPositions::from(std::int64_t offset, const Tensor& x) const {
  const int rank = x.dim("SinusoidalPositions");
  const std::int64_t size = table_.size(1);
  if (rank < 2 || rank > 3 || x.size(-1) != size || !is_floating(x.dtype()))
    throw Error(std::string("SinusoidalPositions: x must be floating, ") +
                (options_.batch_first ? "[batch, steps, " : "[steps, batch, ") + std::to_string(size) +
                "] or [steps, " + std::to_string(size) + "]: x is " + x.describe());
  const std::int64_t steps = x.size(rank == 3 && options_.batch_first ? 1 : 0);
  if (offset < 0 || offset + steps > table_.size(0))
    throw Error("SinusoidalPositions: there must be at most max_steps = " + std::to_string(table_.size(0)) +
                " positions: the first is " + std::to_string(offset) + ", x is " + x.describe());
  const Tensor positions = slice(table_, 0, offset, offset + steps).to(x.dtype());
  return x + (rank == 3 && !options_.batch_first ? unsqueeze(positions, 1) : positions);
}

std::string SinusoidalPositions::extra_repr() const {
  return std::to_string(table_.size(1)) + ", max_steps=" + std::to_string(table_.size(0)) +
         (options_.batch_first ? ", batch_first=true" : "");
}

Tensor rotary_embedding(const Tensor& x, const RotaryOptions& o) {
  constexpr const char* op = "rotary_embedding";
  check_base(op, o.base);
  if (x.dim(op) < 2 || x.size(-1) % 2 != 0 || !is_floating(x.dtype()))
    throw Error(std::string(op) + ": needs a floating x[..., steps, size] of an even size: x is " +
                x.describe());
  if (o.offset < 0)
    throw Error(std::string(op) + ": the offset must not be negative: got " + std::to_string(o.offset));
  const std::int64_t half = x.size(-1) / 2;
  const auto [cosine, sine] = turn(x.size(-2), x.size(-1), o.base, o.offset, x.dtype());
  Shape pairs = x.shape();
  pairs[pairs.rank() - 1] = o.interleaved ? half : 2;
  pairs.push_back(o.interleaved ? 2 : half);
  const int axis = o.interleaved ? -1 : -2;
  const std::vector<Tensor> parts = unbind(reshape(x, pairs), axis);
  const Tensor &a = parts[0], &b = parts[1];
  return reshape(stack({a * cosine - b * sine, a * sine + b * cosine}, axis), x.shape());
}

}  // namespace xgrad::nn
