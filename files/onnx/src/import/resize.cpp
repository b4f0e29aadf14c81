#include <algorithm>
#include <cmath>

#include "import/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"

// Other sizes along any axes. Each axis is a linear map of its own: nearest entries are chosen, the others
// are weighed by the rows of a matrix.

namespace xgrad::onnx::detail {

namespace {

/// How a node takes entries between others.
struct Sampling {
  std::string mode, place, rounding;
  double cubic;          ///< the slope of the cubic at 1
  bool exclude_outside;  ///< entries outside count nothing, and not as those at the edge
};

/// Where entry i of `out` lies among `in` entries.
double source_of(const NodeCall& c, const Sampling& s, std::int64_t i, std::int64_t in, std::int64_t out,
                 double scale) {
  const auto at = static_cast<double>(i);
  if (s.place == "asymmetric") return at / scale;
  if (s.place == "half_pixel" || (s.place == "pytorch_half_pixel" && out > 1))
    return (at + 0.5) / scale - 0.5;
  if (s.place == "pytorch_half_pixel") return 0;
  if (s.place == "tf_half_pixel_for_nn") return (at + 0.5) / scale;
  if (s.place == "align_corners")
    return out == 1 ? 0 : at * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  c.fail(
      "the mode of coordinates must be half_pixel, pytorch_half_pixel, align_corners or asymmetric: it is " +
      s.place + "; export the model with one of them");
}

std::int64_t nearest(const NodeCall& c, const std::string& rounding, double x) {
  if (rounding == "round_prefer_floor") return static_cast<std::int64_t>(std::ceil(x - 0.5));
  if (rounding == "round_prefer_ceil") return static_cast<std::int64_t>(std::floor(x + 0.5));
  if (rounding == "floor") return static_cast<std::int64_t>(std::floor(x));
  if (rounding == "ceil") return static_cast<std::int64_t>(std::ceil(x));
  c.fail("the nearest mode must be round_prefer_floor, round_prefer_ceil, floor or ceil: it is " + rounding);
}

/// The weight of an entry so far from the place, by Keys' cubic.
double cubic_weight(double a, double far) {
  far = std::abs(far);
  if (far <= 1) return ((a + 2) * far - (a + 3)) * far * far + 1;
  if (far < 2) return ((a * far - 5 * a) * far + 8 * a) * far - 4 * a;
  return 0;
}

/// The row of a matrix that makes one entry of `in` entries.
void fill_row(const Sampling& s, double x, std::int64_t in, double* row) {
  const bool cubic = s.mode == "cubic";
  const auto first = static_cast<std::int64_t>(std::floor(x)) - (cubic ? 1 : 0);
  double all = 0;
  for (std::int64_t k = first; k < first + (cubic ? 4 : 2); ++k) {
    const double far = x - static_cast<double>(k);
    const double weight = cubic ? cubic_weight(s.cubic, far) : std::max(0.0, 1 - std::abs(far));
    if (s.exclude_outside && (k < 0 || k >= in)) continue;
    row[std::clamp<std::int64_t>(k, 0, in - 1)] += weight;
    all += weight;
  }
  if (s.exclude_outside && all != 0)
    for (std::int64_t k = 0; k < in; ++k) row[k] /= all;
}

Tensor resampled(const NodeCall& c, const Sampling& s, const Tensor& x, int axis, std::int64_t out,
                 double scale) {
  const std::int64_t in = x.size(axis);
  constexpr std::int64_t most = 1 << 20;
  if (in < 1 || out < 1 || out > most)
    c.fail("sizes must lie between 1 and 2^20: x is " + x.describe() + ", the new size is " +
           std::to_string(out));
  std::vector<double> places(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i)
    places[static_cast<std::size_t>(i)] = source_of(c, s, i, in, out, scale);
  if (s.mode == "nearest") {
    Integers at;
    for (double place : places)
      at.push_back(std::clamp<std::int64_t>(nearest(c, s.rounding, place), 0, in - 1));
    return index_select(x, axis, tensor(at));
  }
  if (s.mode != "linear" && s.mode != "cubic")
    c.fail("the mode must be nearest, linear or cubic: it is " + s.mode);
  if (in > most || in * out > most * 16)
    c.fail("sizes must be smaller for modes that weigh: x is " + x.describe() + ", the new size is " +
           std::to_string(out));
  std::vector<double> rows(static_cast<std::size_t>(in * out));
  for (std::int64_t i = 0; i < out; ++i)
    fill_row(s, places[static_cast<std::size_t>(i)], in, rows.data() + i * in);
  const Tensor matrix = tensor(rows, Shape{out, in}, {.dtype = x.dtype()});
  const Tensor lines = movedim(x, {axis}, {-1});
  Shape shape = lines.shape();
  shape[shape.rank() - 1] = out;
  const Tensor y = gemm(reshape(lines, {x.numel() / in, in}), matrix, false, true);
  return movedim(reshape(y, shape), {-1}, {axis});
}

Tensors resized(const NodeCall& c) {
  Tensor x = c.x(0);
  const bool old = c.opset() < 11;  // Upsample, and Resize as it began
  const Sampling s{.mode = c.text("mode", "nearest"),
                   .place = c.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
                   .rounding = c.text("nearest_mode", old ? "floor" : "round_prefer_floor"),
                   .cubic = c.real("cubic_coeff_a", -0.75),
                   .exclude_outside = c.integer("exclude_outside", 0) != 0};
  const auto given = [&](std::size_t i) { return c.has(i) && c.x(i).numel() > 0; };
  std::vector<double> scales = c.reals("scales").value_or(std::vector<double>{});
  const std::size_t at = old ? 1 : 2;
  if (given(at)) scales = c.x(at).to_vector<double>();
  const Integers sizes = !old && given(3) ? c.numbers(3) : Integers{};
  const auto rank = static_cast<std::size_t>(x.dim());
  if ((sizes.empty() ? scales.size() : sizes.size()) != rank)
    c.fail("there must be a scale or a size for each axis of x, which is " + x.describe());
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<int>(i);
    const auto in = static_cast<double>(x.size(axis));
    double out = sizes.empty() ? std::floor(in * scales[i]) : static_cast<double>(sizes[i]);
    if (!(out >= 0 && out <= 1e9))
      c.fail("a new size must lie between 1 and 2^20: it is " + std::to_string(out));
    if (sizes.empty() && s.place == "align_corners" && out != in * scales[i])
      c.fail(
          "with align_corners a scale must make a whole size, or readers differ; export the model with "
          "sizes");
    if (out == in) continue;
    x = resampled(c, s, x, axis, static_cast<std::int64_t>(out), sizes.empty() ? scales[i] : out / in);
  }
  return one(x);
}

}  // namespace

void add_resizing(ImportTable& t) { t["Resize"] = resized, t["Upsample"] = resized; }

}  // namespace xgrad::onnx::detail
