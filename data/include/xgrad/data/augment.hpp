#pragma once

#include <functional>
#include <vector>

#include "xgrad/core/random.hpp"
#include "xgrad/data/source.hpp"

// Transforms of images, for map: `images | map(random_flip()) | map(random_crop({32, 32, .padding = 4}))`. An
// image is floating [channels, height, width], and each Error says so for anything else.

namespace xgrad::data {

using ImageTransform = std::function<Tensor(const Tensor& image, Generator& g)>;

/// (x - mean) / deviation, one number of each for each channel, or one for all.
std::function<Tensor(const Tensor&)> normalize(std::vector<double> mean, std::vector<double> deviation);

struct CropOptions {
  std::int64_t height = 0, width = 0;  ///< of the part
  std::int64_t padding = 0;            ///< zeros around the image before
};
/// The part in the middle.
std::function<Tensor(const Tensor&)> center_crop(CropOptions options);
/// A part anywhere.
ImageTransform random_crop(CropOptions options);

/// Left and right swapped, with probability p.
ImageTransform random_flip(double p = 0.5);
/// Moved by up to so many pixels in each direction; zeros come in.
ImageTransform random_shift(std::int64_t pixels);
/// Turned around the middle by an angle from [-degrees, degrees], counted against the clock; bilinear, zeros
/// come in.
ImageTransform random_rotation(double degrees);
/// Turned by this angle.
Tensor rotate(const Tensor& image, double degrees);

struct ErasingOptions {
  double p = 0.5;          ///< how often
  double min_area = 0.02;  ///< of the rectangle, as a share of the image
  double max_area = 1.0 / 3;
  double aspect = 1.0 / 3;  ///< its height over its width lies between this and 1 over this
  double value = 0;         ///< what it is filled with
};
/// A rectangle put to a value. Zhong et al., 2020.
ImageTransform random_erasing(ErasingOptions options = {});

/// x + deviation times standard normal numbers.
ImageTransform gaussian_noise(double deviation);

struct ColorOptions {
  double brightness = 0, contrast = 0, saturation = 0;  ///< each factor is drawn from [1 - this, 1 + this]
};
/// Brightness, then contrast, then saturation changed by random factors, in [0, 1]: f x, mean of the grey
/// image + f (x - it), grey + f (x - grey).
ImageTransform color_jitter(ColorOptions options);

/// Batches (x, y) mixed with themselves in another order: l x + (1 - l) x', with l drawn from Beta(alpha,
/// alpha); y, int64 classes [n] or floating [n, classes], becomes floating [n, classes], mixed alike. Zhang
/// et al., 2018.
std::function<Row(Row, Generator&)> mix_up(double alpha, std::int64_t classes);
/// The same with a rectangle of the other images, whose area is 1 - l of theirs. Yun et al., 2019.
std::function<Row(Row, Generator&)> cut_mix(double alpha, std::int64_t classes);

}  // namespace xgrad::data
