#include "xgrad/data/image.hpp"

#include <algorithm>
#include <cmath>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

void check_image(const char* op, const Image& image) {
  const bool right =
      image.height >= 0 && image.width >= 0 && (image.channels == 1 || image.channels == 3) &&
      static_cast<std::int64_t>(image.bytes.size()) == image.height * image.width * image.channels;
  if (!right)
    throw Error(std::string(op) +
                ": an image must have 1 or 3 channels and a byte for each of each pixel: it has " +
                std::to_string(image.bytes.size()) + " bytes for " + std::to_string(image.height) + " x " +
                std::to_string(image.width) + " pixels of " + std::to_string(image.channels) + " channels");
}

std::uint8_t byte_of(double x) {
  if (std::isnan(x)) throw Error("to_image: pixels must be numbers: there is a nan");
  return static_cast<std::uint8_t>(std::lround(std::clamp(x, 0.0, 1.0) * 255));
}

/// Where a pixel of the new size lies in the old one: between two, and how near to the second.
struct Between {
  std::int64_t first, second;
  double share;
};

Between between(std::int64_t i, std::int64_t size, std::int64_t old) {
  const double at = std::max(
      0.0, (static_cast<double>(i) + 0.5) * static_cast<double>(old) / static_cast<double>(size) - 0.5);
  const auto first = std::min(static_cast<std::int64_t>(at), old - 1);
  return {first, std::min(first + 1, old - 1), at - static_cast<double>(first)};
}

}  // namespace

Tensor to_tensor(const Image& image) {
  check_image("to_tensor", image);
  Tensor x = empty({image.channels, image.height, image.width});
  const auto to = x.mutable_data<float>();
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t pixels = image.bytes.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < pixels; ++i)
      to[c * pixels + i] = static_cast<float>(image.bytes[i * channels + c]) / 255;
  return x;
}

Image to_image(const Tensor& x) {
  const int axes = x.dim();
  const std::int64_t channels = axes == 3 ? x.shape()[0] : 1;
  if (!is_floating(x.dtype()) || (axes != 2 && axes != 3) || (channels != 1 && channels != 3))
    throw Error(
        "to_image: a floating [height, width], [1, height, width] or [3, height, width] is expected: it is " +
        x.describe());
  Image image{.height = x.shape()[axes - 2], .width = x.shape()[axes - 1], .channels = channels};
  const std::vector<double> values = x.to_vector<double>();
  image.bytes.resize(values.size());
  const std::size_t n = static_cast<std::size_t>(channels), pixels = values.size() / n;
  for (std::size_t c = 0; c < n; ++c)
    for (std::size_t i = 0; i < pixels; ++i) image.bytes[i * n + c] = byte_of(values[c * pixels + i]);
  return image;
}

Image with_channels(const Image& image, std::int64_t channels) {
  check_image("with_channels", image);
  if (channels != 1 && channels != 3)
    throw Error("with_channels: the channels must be 1 or 3: they are " + std::to_string(channels));
  if (channels == image.channels) return image;
  Image other{.height = image.height, .width = image.width, .channels = channels};
  if (channels == 3)
    for (const std::uint8_t grey : image.bytes) other.bytes.insert(other.bytes.end(), 3, grey);
  else
    for (std::size_t i = 0; i < image.bytes.size(); i += 3)
      other.bytes.push_back(static_cast<std::uint8_t>(
          (299 * image.bytes[i] + 587 * image.bytes[i + 1] + 114 * image.bytes[i + 2] + 500) / 1000));
  return other;
}

Image resize(const Image& image, std::int64_t height, std::int64_t width) {
  check_image("resize", image);
  if (height < 1 || width < 1 || image.bytes.empty())
    throw Error("resize: both images must have a pixel: they are " + std::to_string(image.height) + " x " +
                std::to_string(image.width) + " and " + std::to_string(height) + " x " +
                std::to_string(width));
  if (height == image.height && width == image.width) return image;
  Image other{.height = height, .width = width, .channels = image.channels};
  other.bytes.reserve(static_cast<std::size_t>(height * width * image.channels));
  const auto at = [&](std::int64_t y, std::int64_t x, std::int64_t c) {
    return static_cast<double>(
        image.bytes[static_cast<std::size_t>((y * image.width + x) * image.channels + c)]);
  };
  for (std::int64_t i = 0; i < height; ++i) {
    const Between y = between(i, height, image.height);
    for (std::int64_t j = 0; j < width; ++j) {
      const Between x = between(j, width, image.width);
      for (std::int64_t c = 0; c < image.channels; ++c) {
        const double above = at(y.first, x.first, c) * (1 - x.share) + at(y.first, x.second, c) * x.share;
        const double below = at(y.second, x.first, c) * (1 - x.share) + at(y.second, x.second, c) * x.share;
        other.bytes.push_back(
            static_cast<std::uint8_t>(std::lround(above * (1 - y.share) + below * y.share)));
      }
    }
  }
  return other;
}

Image image_grid(const Tensor& images, GridOptions options) {
  if (images.dim() < 3 || images.dim() > 4 || images.shape()[0] == 0)
    throw Error(
        "image_grid: images [n, channels, height, width] or [n, height, width] are expected: they are " +
        images.describe());
  if (options.columns < 1 || options.padding < 0)
    throw Error("image_grid: columns must be at least 1 and padding at least 0: they are " +
                std::to_string(options.columns) + " and " + std::to_string(options.padding));
  const std::int64_t n = images.shape()[0], columns = std::min(options.columns, n);
  const Image first = to_image(images[0]);
  const std::int64_t rows = (n + columns - 1) / columns, channels = first.channels;
  const std::int64_t high = first.height + options.padding, wide = first.width + options.padding;
  Image grid{.height = rows * high + options.padding,
             .width = columns * wide + options.padding,
             .channels = channels};
  grid.bytes.assign(static_cast<std::size_t>(grid.height * grid.width * channels),
                    byte_of(options.background));
  for (std::int64_t k = 0; k < n; ++k) {
    const Image image = to_image(images[k]);
    for (std::int64_t y = 0; y < image.height; ++y) {
      const std::int64_t row = k / columns * high + options.padding + y;
      const std::int64_t column = k % columns * wide + options.padding;
      std::copy_n(image.bytes.begin() + y * image.width * channels, image.width * channels,
                  grid.bytes.begin() + (row * grid.width + column) * channels);
    }
  }
  return grid;
}

}  // namespace xgrad::data
