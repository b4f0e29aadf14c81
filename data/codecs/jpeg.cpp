#include <csetjmp>
#include <cstdio>  // before jpeglib.h, which needs it

#include <jpeglib.h>

#include "codecs.hpp"

namespace xgrad::data {

namespace {

constexpr int most_scans = 500;  // of a progressive file; one with more is made to take long

/// A decompressor whose errors end the step that it is in: the steps below hold nothing that has a
/// destructor, so that a jump out of libjpeg passes over nothing.
struct Jpeg {
  jpeg_decompress_struct data = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf out;
  char message[JMSG_LENGTH_MAX] = "";

  Jpeg() {
    data.err = jpeg_std_error(&errors);
    data.client_data = this;
    errors.error_exit = [](j_common_ptr j) { stop(j); };
    errors.emit_message = [](j_common_ptr j, int level) {
      if (level < 0) stop(j);  // libjpeg would go on, with grey where data are missing
    };
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = [](j_common_ptr j) {
      if (reinterpret_cast<j_decompress_ptr>(j)->input_scan_number <= most_scans) return;
      j->err->msg_code = 0;
      stop(j);
    };
  }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
  ~Jpeg() { jpeg_destroy_decompress(&data); }

 private:
  static void stop(j_common_ptr j) {
    auto* const self = static_cast<Jpeg*>(j->client_data);
    self->errors.format_message(j, self->message);
    std::longjmp(self->out, 1);
  }
};

bool begin(Jpeg& jpeg, std::string_view bytes) {
  if (setjmp(jpeg.out)) return false;
  jpeg_create_decompress(&jpeg.data);
  jpeg.data.client_data = &jpeg;
  jpeg.data.progress = &jpeg.progress;
  jpeg_mem_src(&jpeg.data, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg.data, TRUE);
  return true;
}

bool read_rows(Jpeg& jpeg, std::uint8_t* to, std::size_t row) {
  if (setjmp(jpeg.out)) return false;
  jpeg_start_decompress(&jpeg.data);
  while (jpeg.data.output_scanline < jpeg.data.output_height) {
    JSAMPROW line = to + jpeg.data.output_scanline * row;
    jpeg_read_scanlines(&jpeg.data, &line, 1);
  }
  jpeg_finish_decompress(&jpeg.data);
  return true;
}

}  // namespace

Image decode_jpeg(std::string_view bytes, const ImageOptions& options, const std::string& name) {
  Jpeg jpeg;
  const auto check = [&](bool done) {
    if (!done)
      fail_image("read_image", std::string("the JPEG is damaged (") + jpeg.message + "); get the file again",
                 name);
  };
  check(begin(jpeg, bytes));
  check_pixels(jpeg.data.image_height, jpeg.data.image_width, options, name);
  const bool grey = jpeg.data.jpeg_color_space == JCS_GRAYSCALE;
  if (!grey && jpeg.data.jpeg_color_space != JCS_YCbCr && jpeg.data.jpeg_color_space != JCS_RGB)
    fail_image("read_image", "the colours of a JPEG must be grey or red, green and blue; convert the file",
               name);
  jpeg.data.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
  Image image{.height = jpeg.data.image_height, .width = jpeg.data.image_width, .channels = grey ? 1 : 3};
  const auto row = static_cast<std::size_t>(image.width * image.channels);
  image.bytes.resize(row * static_cast<std::size_t>(image.height));
  check(read_rows(jpeg, image.bytes.data(), row));
  return image;
}

}  // namespace xgrad::data
