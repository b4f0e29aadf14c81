#include "xgrad/data/image_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "codecs.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::data {

namespace {

std::string bytes_of(const std::string& path) {
  if (std::filesystem::is_directory(path))
    fail_image("read_image", "this is a directory and not a file", path);
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_image("read_image", "the file cannot be opened", path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void fail_image(const char* op, const std::string& what, const std::string& name) {
  throw Error(std::string(op) + ": " + what + ": " + name);
}

void check_pixels(std::uint64_t height, std::uint64_t width, const ImageOptions& options,
                  const std::string& name) {
  const auto most = static_cast<std::uint64_t>(options.max_pixels);
  if (height == 0 || width == 0 || height > most / width)
    fail_image("read_image",
               "the image must have a pixel and at most " + std::to_string(options.max_pixels) +
                   ", the option .max_pixels: it has " + std::to_string(height) + " x " +
                   std::to_string(width),
               name);
}

Image decode_image(std::string_view bytes, ImageOptions options, const std::string& name) {
  if (options.channels != 0 && options.channels != 1 && options.channels != 3)
    fail_image("read_image", "the channels must be 1, 3 or 0: they are " + std::to_string(options.channels),
               name);
  if (options.max_pixels < 1)
    fail_image("read_image", "max_pixels must be at least 1: it is " + std::to_string(options.max_pixels),
               name);
  const bool png = bytes.starts_with("\x89PNG"), jpeg = bytes.starts_with("\xFF\xD8\xFF");
  if (bytes.empty()) fail_image("read_image", "the file is empty", name);
  if (!png && !jpeg)
    fail_image("read_image", "a PNG or JPEG file is expected, and this begins as neither", name);
  const Image image = png ? decode_png(bytes, options, name) : decode_jpeg(bytes, options, name);
  return options.channels == 0 ? image : with_channels(image, options.channels);
}

Image read_image(const std::string& path, ImageOptions options) {
  return decode_image(bytes_of(path), options, path);
}

void write_png(const std::string& path, const Image& image) {
  const std::string bytes = encode_png(image);
  xgrad::detail::WholeFile file("write_png", path);
  file.write(bytes);
  file.finish();
}

void write_png(const std::string& path, const Tensor& image) { write_png(path, to_image(image)); }

}  // namespace xgrad::data
