// PNG and JPEG files: what libpng and libjpeg make of them, right or damaged.

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
#include <zlib.h>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/data/image_files.hpp"

using namespace xgrad;
using data::decode_image;
using data::Image;
using test::error_of;
using test::Folder;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::string word(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

std::string chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return word(static_cast<std::uint32_t>(content.size())) + body + word(static_cast<std::uint32_t>(crc));
}

/// A PNG by the specification and zlib alone; rows begin with their filter, 0.
std::string png(std::uint32_t width, std::uint32_t height, int depth, int type, const std::string& rows,
                const std::string& more = "") {
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
           rows.size());
  packed.resize(size);
  const std::string header =
      word(width) + word(height) + std::string{static_cast<char>(depth), static_cast<char>(type), 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + more + chunk("IDAT", packed) + chunk("IEND", "");
}

/// A JPEG of one colour, or of a pattern.
std::string jpeg(int width, int height, const Bytes& pixels, J_COLOR_SPACE space, int channels,
                 bool progressive = false) {
  jpeg_compress_struct data;
  jpeg_error_mgr errors;
  data.err = jpeg_std_error(&errors);
  jpeg_create_compress(&data);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&data, &bytes, &size);
  data.image_width = static_cast<JDIMENSION>(width);
  data.image_height = static_cast<JDIMENSION>(height);
  data.input_components = channels;
  data.in_color_space = space;
  jpeg_set_defaults(&data);
  jpeg_set_quality(&data, 100, TRUE);
  if (progressive) jpeg_simple_progression(&data);
  jpeg_start_compress(&data, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.data() + static_cast<std::size_t>(y * width * channels));
    jpeg_write_scanlines(&data, &row, 1);
  }
  jpeg_finish_compress(&data);
  jpeg_destroy_compress(&data);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return file;
}

Bytes pattern(std::size_t n) {
  Bytes bytes(n);
  for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::uint8_t>(i * i * 31 + i / 7);
  return bytes;
}

const std::string grey_png = png(2, 2, 8, 0, std::string("\0\x01\x02\0\x03\xff", 6));

}  // namespace

TEST_CASE("PNG files of every kind of pixels") {
  struct Case {
    std::string file;
    Image image;
  };
  const std::string palette = chunk("PLTE", std::string("\x01\x02\x03\xff\xfe\xfd", 6));
  const std::vector<Case> cases{
      {grey_png, {2, 2, 1, {1, 2, 3, 255}}},
      {png(1, 2, 8, 2, std::string("\0\x01\x02\x03\0\x04\x05\x06", 8)), {2, 1, 3, {1, 2, 3, 4, 5, 6}}},
      {png(1, 1, 8, 6, std::string("\0\x09\x08\x07\xff", 5)), {1, 1, 3, {9, 8, 7}}},
      {png(2, 1, 8, 4, std::string("\0\x09\xff\x08\xff", 5)), {1, 2, 1, {9, 8}}},
      {png(2, 1, 1, 0, std::string("\0\x40", 2)), {1, 2, 1, {0, 255}}},
      {png(2, 1, 8, 3, std::string("\0\x01\0", 3), palette), {1, 2, 3, {255, 254, 253, 1, 2, 3}}},
      {png(1, 1, 16, 0, std::string("\0\x80\x80", 3)), {1, 1, 1, {128}}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    CHECK(decode_image(cases[i].file) == cases[i].image);
  }
  CHECK(decode_image(grey_png, {.channels = 3}).bytes == Bytes{1, 1, 1, 2, 2, 2, 3, 3, 3, 255, 255, 255});
}

TEST_CASE("JPEG files in grey and in colour, also progressive ones") {
  const Bytes red{200, 10, 30}, line = pattern(64);
  Bytes reds;
  for (int i = 0; i < 15; ++i) reds.insert(reds.end(), red.begin(), red.end());
  for (const bool progressive : {false, true}) {
    const Image image = decode_image(jpeg(5, 3, reds, JCS_RGB, 3, progressive));
    CHECK(image.height == 3);
    CHECK(image.width == 5);
    for (std::size_t i = 0; i < image.bytes.size(); ++i) CHECK(std::abs(image.bytes[i] - reds[i]) <= 1);
    const Image grey = decode_image(jpeg(8, 8, line, JCS_GRAYSCALE, 1, progressive));
    CHECK(grey.channels == 1);
    for (std::size_t i = 0; i < 64; ++i)
      CHECK(std::abs(grey.bytes[i] - line[i]) <= 2);  // quality 100 rounds only
  }
}

TEST_CASE("what is written as PNG is read as the same bytes") {
  const Folder folder;
  for (const std::int64_t channels : {1, 3}) {
    const Image image{7, 5, channels, pattern(static_cast<std::size_t>(35 * channels))};
    data::write_png(folder.path("image.png"), image);
    CHECK(data::read_image(folder.path("image.png")) == image);
    data::write_png(folder.path("image.png"), data::to_tensor(image));
    CHECK(data::read_image(folder.path("image.png")) == image);
  }
  CHECK(error_of([&] {
          data::write_png(folder.path("none.png"), Image{});
        }).starts_with("write_png: the image cannot be written; it needs a pixel and 1 or 3 channels"));
}

TEST_CASE("a damaged file is an error or an image, and never more") {
  const std::vector<std::string> files{grey_png, png(20, 20, 8, 2, std::string(20 * 61, '\0')),
                                       jpeg(20, 10, pattern(600), JCS_RGB, 3),
                                       jpeg(16, 16, pattern(256), JCS_GRAYSCALE, 1, true)};
  std::uint64_t random = 1;
  for (const std::string& file : files) {
    const std::size_t end_mark = file[1] == 'P' ? 12 : 2;  // behind the pixels
    for (std::size_t n = 0; n + end_mark < file.size(); ++n)
      CHECK(error_of([&] { decode_image(file.substr(0, n)); }).starts_with("read_image: "));
    for (int i = 0; i < 2000; ++i) {
      std::string damaged = file;
      for (int k = 0; k < 1 + i % 4; ++k) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        damaged[(random >> 33) % damaged.size()] = static_cast<char>(random >> 25);
      }
      error_of([&] { decode_image(damaged, {.max_pixels = 1 << 20}); });
    }
  }
}

TEST_CASE("sizes are limited before memory is taken") {
  const std::string huge = png(1u << 30, 1u << 30, 8, 2, std::string(10, '\0'));
  std::string message = error_of([&] { decode_image(huge); });
  CHECK(message.starts_with("read_image: "));
  CHECK(error_of([&] { decode_image(png(5000, 4000, 8, 2, "x"), {.max_pixels = 19999999}, "large.png"); }) ==
        "read_image: the image must have a pixel and at most 19999999, the option .max_pixels: it has 4000 x "
        "5000: "
        "large.png");
  std::string jpeg_file = jpeg(8, 8, pattern(64), JCS_GRAYSCALE, 1);
  const std::size_t frame = jpeg_file.find("\xFF\xC0");
  jpeg_file.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  message = error_of([&] { decode_image(jpeg_file, {}, "large.jpg"); });
  CHECK(message.find("it has 65280 x 65280: large.jpg") != std::string::npos);
}

TEST_CASE("what is no image says so") {
  const Folder folder;
  const auto says = [](auto f, const std::string& message) { CHECK(error_of(f) == message); };
  says([&] { data::read_image(folder.write("a.png", "GIF89a")); },
       "read_image: a PNG or JPEG file is expected, and this begins as neither: " + folder.path("a.png"));
  says([&] { data::read_image(folder.write("b.png", "")); },
       "read_image: the file is empty: " + folder.path("b.png"));
  says([&] { data::read_image("/none.png"); }, "read_image: the file cannot be opened: /none.png");
  says([&] { data::read_image(folder.path()); },
       "read_image: this is a directory and not a file: " + folder.path());
  says([] { decode_image(grey_png, {.channels = 2}); },
       "read_image: the channels must be 1, 3 or 0: they are 2: bytes");
  says([] { decode_image(jpeg(8, 8, pattern(256), JCS_CMYK, 4)); },
       "read_image: the colours of a JPEG must be grey or red, green and blue; convert the file: bytes");
}
