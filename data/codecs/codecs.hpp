#pragma once

#include <string>
#include <string_view>

#include "xgrad/data/image_files.hpp"

namespace xgrad::data {

/// Throws Error `op: what: name`.
[[noreturn]] void fail_image(const char* op, const std::string& what, const std::string& name);

/// Throws Error unless a size is allowed.
void check_pixels(std::uint64_t height, std::uint64_t width, const ImageOptions& options,
                  const std::string& name);

/// An image with the channels that its file has.
Image decode_png(std::string_view bytes, const ImageOptions& options, const std::string& name);
Image decode_jpeg(std::string_view bytes, const ImageOptions& options, const std::string& name);

}  // namespace xgrad::data
