#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/data/image.hpp"
#include "xgrad/data/pipeline.hpp"

// Images in files: the component xgrad::images, which needs libpng and libjpeg.

namespace xgrad::data {

struct ImageOptions {
  std::int64_t channels = 0;                   ///< 1 or 3, whatever the file has; 0: as in the file
  std::int64_t max_pixels = 64 * 1024 * 1024;  ///< more are refused before memory is taken for them
};

/// A PNG or JPEG file, as its first bytes say; transparency is left out, 16 bits become 8. Throws Error,
/// naming the file, for a file that is neither, is damaged or ends early, has more pixels than max_pixels,
/// and for a JPEG of other colours than grey and red, green, blue.
Image read_image(const std::string& path, ImageOptions options = {});
/// The same from the bytes of a file; `name` is what errors call them.
Image decode_image(std::string_view bytes, ImageOptions options = {}, const std::string& name = "bytes");

/// The bytes of a PNG file.
std::string encode_png(const Image& image);
/// Writes a PNG file, whole or not at all.
void write_png(const std::string& path, const Image& image);
/// The same of a tensor that to_image takes: `write_png("samples.png", to_tensor(image_grid(x)))`.
void write_png(const std::string& path, const Tensor& image);

struct ImageFolderOptions {
  std::int64_t channels = 3;
  std::int64_t height = 0, width = 0;          ///< resized to this; 0: as they are, and all alike for a batch
  bool keep = false;                           ///< keep the bytes of each image in memory once it was read
  std::int64_t max_pixels = 64 * 1024 * 1024;  ///< as in ImageOptions
};

/// A folder with a folder of images for each class, as PyTorch's ImageFolder: rows of an image, float32
/// [channels, height, width] in [0, 1], and its class int64 []. By index and thread-safe. Pixels are bytes
/// until their row or their batch is made.
///
/// Classes are numbered in the order of their names, rows by class and by name. Files whose names end in
/// .png, .jpg or .jpeg are images, also in folders further below; others are passed over.
class ImageFolder : public Source {
 public:
  /// Throws Error where there is no such folder, no folder in it, or a class without images.
  explicit ImageFolder(const std::string& path, ImageFolderOptions options = {});
  ~ImageFolder() override;

  const std::vector<std::string>& classes() const { return classes_; }
  /// The file of row i.
  const std::string& path(std::int64_t i) const { return files_[static_cast<std::size_t>(i)].path; }
  /// The class of each row, int64 [rows], for samplers.
  Tensor labels() const;

  std::optional<std::int64_t> size() const override { return static_cast<std::int64_t>(files_.size()); }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override;
  Row gather(std::span<const std::int64_t> rows) const override;

 private:
  struct File {
    std::string path;
    std::int64_t label;
  };
  struct Kept;
  std::shared_ptr<const Image> image(std::int64_t i) const;

  ImageFolderOptions options_;
  std::vector<std::string> classes_;
  std::vector<File> files_;
  std::unique_ptr<Kept> kept_;
};

/// The rows of such a folder: `from(folder)`, or without its classes' names this.
Pipeline image_folder(const std::string& path, ImageFolderOptions options = {});

}  // namespace xgrad::data
