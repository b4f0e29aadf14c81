#include <algorithm>
#include <cctype>
#include <filesystem>
#include <mutex>

#include "codecs.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace fs = std::filesystem;

namespace {

bool is_image(const fs::path& path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

std::vector<std::string> sorted_folders(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> sorted_images(const fs::path& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && is_image(entry.path())) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Where the pixels of an image go in a batch.
void put(const Image& image, float* to) {
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t pixels = image.bytes.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < pixels; ++i)
      to[c * pixels + i] = static_cast<float>(image.bytes[i * channels + c]) / 255;
}

}  // namespace

/// Images that were read.
struct ImageFolder::Kept {
  std::mutex mutex;
  std::vector<std::shared_ptr<const Image>> images;
};

ImageFolder::ImageFolder(const std::string& path, ImageFolderOptions options)
    : options_(options), kept_(std::make_unique<Kept>()) {
  if (!fs::is_directory(path))
    throw Error("ImageFolder: a folder with a folder for each class is expected: " + path);
  if (options.height < 0 || options.width < 0 || (options.height == 0) != (options.width == 0) ||
      (options.channels != 1 && options.channels != 3))
    throw Error("ImageFolder: height and width must be given together, and channels be 1 or 3: they are " +
                std::to_string(options.height) + ", " + std::to_string(options.width) + " and " +
                std::to_string(options.channels));
  classes_ = sorted_folders(path);
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    const fs::path folder = fs::path(path) / classes_[k];
    const auto images = sorted_images(folder);
    if (images.empty())
      throw Error("ImageFolder: a class needs a file that ends in .png, .jpg or .jpeg: " + folder.string());
    for (const std::string& image : images) files_.push_back({image, static_cast<std::int64_t>(k)});
  }
  if (classes_.empty())
    throw Error("ImageFolder: a folder for each class is expected, and there is none: " + path);
  kept_->images.resize(files_.size());
}

ImageFolder::~ImageFolder() = default;

Tensor ImageFolder::labels() const {
  std::vector<std::int64_t> labels;
  for (const File& file : files_) labels.push_back(file.label);
  return tensor(labels);
}

std::shared_ptr<const Image> ImageFolder::image(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  if (options_.keep) {
    const std::lock_guard lock(kept_->mutex);
    if (kept_->images[at]) return kept_->images[at];
  }
  Image read =
      read_image(files_[at].path, {.channels = options_.channels, .max_pixels = options_.max_pixels});
  if (options_.height > 0) read = resize(read, options_.height, options_.width);
  auto image = std::make_shared<const Image>(std::move(read));
  if (options_.keep) {
    const std::lock_guard lock(kept_->mutex);
    kept_->images[at] = image;
  }
  return image;
}

Row ImageFolder::row(std::int64_t i) const {
  return {to_tensor(*image(i)), full({}, files_[static_cast<std::size_t>(i)].label)};
}

Row ImageFolder::gather(std::span<const std::int64_t> rows) const {
  Tensor x;
  std::vector<std::int64_t> labels;
  std::size_t size = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto read = image(rows[k]);
    if (k == 0) {
      x = empty({static_cast<std::int64_t>(rows.size()), read->channels, read->height, read->width});
      size = read->bytes.size();
    }
    if (read->height != x.shape()[2] || read->width != x.shape()[3])
      throw Error("ImageFolder: the images of a batch must have one size; give .height and .width: " +
                  std::to_string(x.shape()[2]) + " x " + std::to_string(x.shape()[3]) + " and " +
                  std::to_string(read->height) + " x " + std::to_string(read->width) + " of " +
                  path(rows[k]));
    put(*read, x.mutable_data<float>().data() + k * size);
    labels.push_back(files_[static_cast<std::size_t>(rows[k])].label);
  }
  return {x, tensor(labels)};
}

Pipeline image_folder(const std::string& path, ImageFolderOptions options) {
  return Pipeline(std::shared_ptr<const Source>(std::make_shared<ImageFolder>(path, options)));
}

}  // namespace xgrad::data
