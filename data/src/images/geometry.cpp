#include <cmath>

#include "images/augment_check.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/data/augment.hpp"

namespace xgrad::data {

namespace {

std::int64_t below(Generator& g, std::int64_t n) {
  return static_cast<std::int64_t>(g.draw64() % static_cast<std::uint64_t>(n));
}

void check_crop(const char* op, const CropOptions& o) {
  if (o.height < 1 || o.width < 1 || o.padding < 0)
    throw Error(std::string(op) + ": height and width must be at least 1 and padding at least 0: they are " +
                std::to_string(o.height) + ", " + std::to_string(o.width) + " and " +
                std::to_string(o.padding));
}

Tensor padded(const char* op, const Tensor& x, const CropOptions& o) {
  check_image_tensor(op, x);
  const std::int64_t p = o.padding;
  if (x.shape()[1] + 2 * p < o.height || x.shape()[2] + 2 * p < o.width)
    throw Error(std::string(op) +
                ": the part must fit into the image; give a smaller one or more padding: it is " +
                std::to_string(o.height) + " x " + std::to_string(o.width) + " of " + x.describe());
  return p == 0 ? x : pad(x, {p, p, p, p});
}

template <Element T>
Tensor turned(const Tensor& image, double degrees) {
  const double angle = degrees * 3.14159265358979323846 / 180, cosine = std::cos(angle),
               sine = std::sin(angle);
  const std::int64_t channels = image.shape()[0], height = image.shape()[1], width = image.shape()[2];
  const double middle_y = static_cast<double>(height - 1) / 2, middle_x = static_cast<double>(width - 1) / 2;
  Tensor result = zeros(image.shape(), {.dtype = image.dtype()});
  const auto from = image.data<T>();
  const auto to = result.mutable_data<T>();
  for (std::int64_t i = 0; i < height; ++i)
    for (std::int64_t j = 0; j < width; ++j) {
      const double dy = static_cast<double>(i) - middle_y, dx = static_cast<double>(j) - middle_x;
      const double y = middle_y + cosine * dy + sine * dx, x = middle_x + cosine * dx - sine * dy;
      const auto top = static_cast<std::int64_t>(std::floor(y)),
                 left = static_cast<std::int64_t>(std::floor(x));
      for (int corner = 0; corner < 4; ++corner) {
        const std::int64_t row = top + corner / 2, column = left + corner % 2;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const double weight =
            (1 - std::abs(y - static_cast<double>(row))) * (1 - std::abs(x - static_cast<double>(column)));
        for (std::int64_t c = 0; c < channels; ++c)
          to[static_cast<std::size_t>((c * height + i) * width + j)] +=
              static_cast<T>(weight) * from[static_cast<std::size_t>((c * height + row) * width + column)];
      }
    }
  return result;
}

}  // namespace

void check_image_tensor(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype()) || x.dim() != 3)
    throw Error(std::string(op) + ": a floating image [channels, height, width] is expected: it is " +
                x.describe());
}

void check_chance(const char* op, double p) {
  if (!(p >= 0 && p <= 1))
    throw Error(std::string(op) + ": the probability must lie between 0 and 1: it is " + std::to_string(p));
}

Tensor part_of(const Tensor& image, std::int64_t top, std::int64_t left, std::int64_t height,
               std::int64_t width) {
  return slice(slice(image, 1, top, top + height), 2, left, left + width);
}

std::function<Tensor(const Tensor&)> center_crop(CropOptions options) {
  check_crop("center_crop", options);
  return [options](const Tensor& image) {
    const Tensor x = padded("center_crop", image, options);
    return part_of(x, (x.shape()[1] - options.height) / 2, (x.shape()[2] - options.width) / 2, options.height,
                   options.width);
  };
}

ImageTransform random_crop(CropOptions options) {
  check_crop("random_crop", options);
  return [options](const Tensor& image, Generator& g) {
    const Tensor x = padded("random_crop", image, options);
    const std::int64_t top = below(g, x.shape()[1] - options.height + 1);
    const std::int64_t left = below(g, x.shape()[2] - options.width + 1);
    return part_of(x, top, left, options.height, options.width);
  };
}

ImageTransform random_flip(double p) {
  check_chance("random_flip", p);
  return [p](const Tensor& image, Generator& g) {
    check_image_tensor("random_flip", image);
    return g.uniform() < p ? flip(image, {2}) : image;
  };
}

ImageTransform random_shift(std::int64_t pixels) {
  if (pixels < 0)
    throw Error("random_shift: the pixels must not be negative: they are " + std::to_string(pixels));
  return [pixels](const Tensor& image, Generator& g) {
    check_image_tensor("random_shift", image);
    const std::int64_t height = image.shape()[1], width = image.shape()[2], p = pixels;
    const std::int64_t top = below(g, 2 * p + 1), left = below(g, 2 * p + 1);
    return part_of(pad(image, {p, p, p, p}), top, left, height, width);
  };
}

Tensor rotate(const Tensor& image, double degrees) {
  check_image_tensor("rotate", image);
  return image.dtype() == float64 ? turned<double>(image, degrees) : turned<float>(image, degrees);
}

ImageTransform random_rotation(double degrees) {
  if (!(degrees >= 0 && std::isfinite(degrees)))
    throw Error("random_rotation: the degrees must not be negative: they are " + std::to_string(degrees));
  return
      [degrees](const Tensor& image, Generator& g) { return rotate(image, degrees * (2 * g.uniform() - 1)); };
}

}  // namespace xgrad::data
