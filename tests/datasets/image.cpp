#include "xgrad/data/image.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/shape.hpp"

using namespace xgrad;
using data::Image;
using test::error_of;

namespace {

using Bytes = std::vector<std::uint8_t>;

const Image colours{.height = 1, .width = 2, .channels = 3, .bytes = {255, 0, 51, 0, 102, 255}};

}  // namespace

TEST_CASE("bytes become a tensor of channels, and come back") {
  const Tensor x = data::to_tensor(colours);

  CHECK(x.describe() == "f32[3, 1, 2]");
  CHECK(x.to_vector<float>() == std::vector<float>{1, 0, 0, 0.4f, 0.2f, 1});
  CHECK(data::to_image(x) == colours);
  for (int b = 0; b < 256; ++b) {
    const Image grey{.height = 1, .width = 1, .channels = 1, .bytes = {static_cast<std::uint8_t>(b)}};
    CHECK(data::to_image(data::to_tensor(grey)) == grey);
  }
  CHECK(data::to_image(tensor({{-1.0, 0.5, 2.0}})).bytes == Bytes{0, 128, 255});
}

TEST_CASE("grey is the weighted mean of the colours") {
  CHECK(data::with_channels(colours, 1).bytes == Bytes{82, 89});  // (299 255 + 114 51) / 1000 = 82.06; 88.94
  const Image grey{.height = 1, .width = 1, .channels = 1, .bytes = {7}};
  CHECK(data::with_channels(grey, 3).bytes == Bytes{7, 7, 7});
  CHECK(data::with_channels(grey, 1) == grey);
}

TEST_CASE("an image is resized bilinearly, with pixels as squares") {
  const Image ramp{.height = 1, .width = 4, .channels = 1, .bytes = {0, 40, 80, 120}};

  CHECK(data::resize(ramp, 1, 8).bytes == Bytes{0, 10, 30, 50, 70, 90, 110, 120});
  CHECK(data::resize(ramp, 1, 2).bytes == Bytes{20, 100});
  CHECK(data::resize(ramp, 2, 2).bytes == Bytes{20, 100, 20, 100});
  const Image upright{.height = 2, .width = 1, .channels = 3, .bytes = {0, 0, 0, 100, 200, 40}};
  CHECK(data::resize(upright, 4, 1).bytes == Bytes{0, 0, 0, 25, 50, 10, 75, 150, 30, 100, 200, 40});
}

TEST_CASE("a grid has its images side by side") {
  const Tensor images = tensor({0.0, 0.2, 0.4}).reshape({3, 1, 1, 1});

  const Image grid = data::image_grid(images, {.columns = 2, .padding = 1, .background = 1});

  CHECK(grid.height == 5);
  CHECK(grid.width == 5);
  CHECK(grid.bytes == Bytes{255, 255, 255, 255, 255, 255, 0,   255, 51,  255, 255, 255, 255,
                            255, 255, 255, 102, 255, 255, 255, 255, 255, 255, 255, 255});
  CHECK(data::image_grid(images.reshape({3, 1, 1}), {.padding = 0}).bytes == Bytes{0, 51, 102});
}

TEST_CASE("misuses of images say what to do") {
  const auto says = [](auto f, const std::string& message) { CHECK(error_of(f) == message); };
  const Image damaged{.height = 2, .width = 2, .channels = 1, .bytes = {1}};

  says([&] { data::to_tensor(damaged); },
       "to_tensor: an image must have 1 or 3 channels and a byte for each of each pixel: it has 1 bytes for "
       "2 x 2 pixels "
       "of 1 channels");
  says(
      [] {
        data::to_image(zeros({2, 4, 4}));
      },
      "to_image: a floating [height, width], [1, height, width] or [3, height, width] is expected: it is "
      "f32[2, 4, 4]");
  says([] { data::to_image(tensor({{NAN}})); }, "to_image: pixels must be numbers: there is a nan");
  says([] { data::with_channels(colours, 2); }, "with_channels: the channels must be 1 or 3: they are 2");
  says([] { data::resize(colours, 0, 2); },
       "resize: both images must have a pixel: they are 1 x 2 and 0 x 2");
  says(
      [] {
        data::image_grid(zeros({4, 4}));
      },
      "image_grid: images [n, channels, height, width] or [n, height, width] are expected: they are f32[4, "
      "4]");
  says(
      [] {
        data::image_grid(zeros({4, 4, 4}), {.columns = 0});
      },
      "image_grid: columns must be at least 1 and padding at least 0: they are 0 and 2");
}
