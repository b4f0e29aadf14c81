#include <cmath>

#include "images/augment_check.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/data/augment.hpp"

namespace xgrad::data {

namespace {

/// [1, height, width].
Tensor grey(const Tensor& image) {
  if (image.shape()[0] != 3) return mean(image, 0, true);
  return 0.299 * slice(image, 0, 0, 1) + 0.587 * slice(image, 0, 1, 2) + 0.114 * slice(image, 0, 2, 3);
}

double factor(Generator& g, double range) { return 1 + range * (2 * g.uniform() - 1); }

Tensor per_channel(const std::vector<double>& values, const Tensor& image, const char* what) {
  const auto n = static_cast<std::int64_t>(values.size());
  if (n != 1 && n != image.shape()[0])
    throw Error(std::string("normalize: one ") + what +
                " for each channel must be given, or one for all: there are " + std::to_string(n) + " for " +
                image.describe());
  return tensor(values, {n, 1, 1}, image.dtype());
}

/// Whether a rectangle that fits was drawn, and which.
bool draw_rectangle(const ErasingOptions& o, Generator& g, const Tensor& image, std::int64_t (&at)[4]) {
  constexpr int tries = 10;
  const std::int64_t height = image.shape()[1], width = image.shape()[2];
  for (int i = 0; i < tries; ++i) {
    const double area =
        (o.min_area + (o.max_area - o.min_area) * g.uniform()) * static_cast<double>(height * width);
    const double aspect = std::exp(std::log(o.aspect) * (2 * g.uniform() - 1));
    const std::int64_t h = std::llround(std::sqrt(area * aspect)), w = std::llround(std::sqrt(area / aspect));
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    at[0] = static_cast<std::int64_t>(g.draw64() % static_cast<std::uint64_t>(height - h + 1));
    at[1] = static_cast<std::int64_t>(g.draw64() % static_cast<std::uint64_t>(width - w + 1));
    at[2] = h, at[3] = w;
    return true;
  }
  return false;
}

template <Element T>
void put(std::span<T> x, const Shape& shape, const std::int64_t (&at)[4], T value) {
  for (std::int64_t c = 0; c < shape[0]; ++c)
    for (std::int64_t row = at[0]; row < at[0] + at[2]; ++row)
      for (std::int64_t column = at[1]; column < at[1] + at[3]; ++column)
        x[static_cast<std::size_t>((c * shape[1] + row) * shape[2] + column)] = value;
}

}  // namespace

std::function<Tensor(const Tensor&)> normalize(std::vector<double> mean, std::vector<double> deviation) {
  for (const double d : deviation)
    if (!(d > 0)) throw Error("normalize: each deviation must be above 0: one is " + std::to_string(d));
  return [mean = std::move(mean), deviation = std::move(deviation)](const Tensor& image) {
    check_image_tensor("normalize", image);
    return (image - per_channel(mean, image, "mean")) / per_channel(deviation, image, "deviation");
  };
}

ImageTransform random_erasing(ErasingOptions options) {
  check_chance("random_erasing", options.p);
  if (!(options.min_area >= 0 && options.min_area <= options.max_area && options.max_area <= 1 &&
        options.aspect > 0 && options.aspect <= 1))
    throw Error("random_erasing: 0 <= min_area <= max_area <= 1 and 0 < aspect <= 1 are expected: they are " +
                std::to_string(options.min_area) + ", " + std::to_string(options.max_area) + " and " +
                std::to_string(options.aspect));
  return [options](const Tensor& image, Generator& g) {
    check_image_tensor("random_erasing", image);
    std::int64_t at[4];
    if (g.uniform() >= options.p || !draw_rectangle(options, g, image, at)) return image;
    Tensor x = image.clone();
    if (x.dtype() == float64)
      put(x.mutable_data<double>(), x.shape(), at, options.value);
    else
      put(x.mutable_data<float>(), x.shape(), at, static_cast<float>(options.value));
    return x;
  };
}

ImageTransform gaussian_noise(double deviation) {
  if (!(deviation >= 0))
    throw Error("gaussian_noise: the deviation must not be negative: it is " + std::to_string(deviation));
  return [deviation](const Tensor& image, Generator& g) {
    return image + deviation * randn(image.shape(), {.dtype = image.dtype()}, g);
  };
}

ImageTransform color_jitter(ColorOptions options) {
  for (const double range : {options.brightness, options.contrast, options.saturation})
    if (!(range >= 0 && range <= 1))
      throw Error("color_jitter: brightness, contrast and saturation must lie between 0 and 1: one is " +
                  std::to_string(range));
  return [options](const Tensor& image, Generator& g) {
    check_image_tensor("color_jitter", image);
    const double brightness = factor(g, options.brightness), contrast = factor(g, options.contrast);
    const double saturation = factor(g, options.saturation);
    Tensor x = clamp(image * brightness, 0, 1);
    const Tensor middle = mean(grey(x));
    x = clamp(middle + (x - middle) * contrast, 0, 1);
    const Tensor without = grey(x);
    return clamp(without + (x - without) * saturation, 0, 1);
  };
}

}  // namespace xgrad::data
