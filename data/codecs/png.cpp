#include <png.h>

#include <cstring>

#include "codecs.hpp"

namespace xgrad::data {

namespace {

/// libpng's simplified interface, which reports errors by values and never jumps.
struct Png {
  png_image image = {};

  Png() { image.version = PNG_IMAGE_VERSION; }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
  ~Png() { png_image_free(&image); }
};

/// Leaves out every fourth byte or every second one: transparency.
void drop_alpha(std::vector<std::uint8_t>& bytes, std::size_t channels) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (i % (channels + 1) != channels) bytes[to++] = bytes[i];
  bytes.resize(to);
}

}  // namespace

Image decode_png(std::string_view bytes, const ImageOptions& options, const std::string& name) {
  Png png;
  const auto check = [&](int done) {
    if (!done)
      fail_image("read_image",
                 std::string("the PNG is damaged (") + png.image.message + "); get the file again", name);
  };
  check(png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()));
  check_pixels(png.image.height, png.image.width, options, name);
  const bool colour = (png.image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  const bool alpha = (png.image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  png.image.format =
      colour ? (alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB) : (alpha ? PNG_FORMAT_GA : PNG_FORMAT_GRAY);
  png.image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  Image image{.height = png.image.height, .width = png.image.width, .channels = colour ? 3 : 1};
  image.bytes.resize(PNG_IMAGE_SIZE(png.image));
  check(png_image_finish_read(&png.image, nullptr, image.bytes.data(), 0, nullptr));
  if (alpha) drop_alpha(image.bytes, static_cast<std::size_t>(image.channels));
  return image;
}

std::string encode_png(const Image& image) {
  Png png;
  const auto check = [&](int done) {
    if (!done)
      fail_image("write_png", "the image cannot be written; it needs a pixel and 1 or 3 channels",
                 png.image.message);
  };
  check(image.height > 0 && image.width > 0 && (image.channels == 1 || image.channels == 3) &&
        image.bytes.size() == static_cast<std::size_t>(image.height * image.width * image.channels));
  png.image.height = static_cast<png_uint_32>(image.height);
  png.image.width = static_cast<png_uint_32>(image.width);
  png.image.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);
  std::string bytes(size, '\0');
  check(png_image_write_to_memory(&png.image, bytes.data(), &size, 0, image.bytes.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

}  // namespace xgrad::data
