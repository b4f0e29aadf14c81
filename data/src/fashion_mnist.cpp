#include <filesystem>

#include "find_file.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/data/directories.hpp"
#include "xgrad/data/idx.hpp"
#include "xgrad/data/sets.hpp"

namespace xgrad::data {

namespace {

// Where the files can be. MNIST's files have the same names: outside a directory that the caller has named,
// only one that is called after Fashion-MNIST will do.
std::vector<std::string> places(const std::string& directory) {
  if (!directory.empty()) return {directory};
  std::vector<std::string> found;
  for (const std::string& base : directories()) found.push_back(base + "/fashion-mnist");
  found.emplace_back("/usr/share/datasets/fashion-mnist");  // of Debian's package
  return found;
}

std::string find(const std::string& name, const std::vector<std::string>& places) {
  return find_file(
      "fashion_mnist", {name + ".gz", name}, places,
      "Install the Debian package dataset-fashion-mnist (apt install dataset-fashion-mnist), or put the "
      "files into a directory and name it by the option .directory, or into a directory fashion-mnist "
      "below that of data::set_directory or of the environment variable XGRAD_DATA.");
}

// In place and without a temporary: these are the largest tensors of all.
template <Element T>
void scale(Tensor& pixels) {
  for (T& pixel : pixels.mutable_data<T>()) pixel /= 255;
}

}  // namespace

TensorDataset fashion_mnist(const FashionMnistOptions& options) {
  if (!is_floating(options.dtype))
    throw Error(std::string("fashion_mnist: the dtype must be float32 or float64: it is ") +
                name_of(options.dtype));
  const std::string part = options.train ? "train" : "t10k";
  const std::string image_path = find(part + "-images-idx3-ubyte", places(options.directory));
  const std::string directory = std::filesystem::path(image_path).parent_path().string();
  const std::string label_path = find(part + "-labels-idx1-ubyte", {directory});

  Tensor images = read_idx(image_path, options.dtype);
  const Tensor labels = read_idx(label_path);
  const std::int64_t n = images.dim() == 3 ? images.shape()[0] : -1;
  if (n < 0 || images.shape() != Shape{n, 28, 28})
    throw Error("fashion_mnist: needs images of 28 x 28 pixels, and these are " + images.shape().str() +
                ": " + image_path);
  if (labels.dtype() != int64 || labels.shape() != Shape{n})
    throw Error("fashion_mnist: needs " + std::to_string(n) + " labels, and these are " + labels.describe() +
                ": " + label_path);
  if (n > 0 && (amin(labels).item<std::int64_t>() < 0 || amax(labels).item<std::int64_t>() > 9))
    throw Error("fashion_mnist: the labels must be 0 to 9: " + label_path);

  options.dtype == float32 ? scale<float>(images) : scale<double>(images);
  return TensorDataset({images.reshape({n, 28 * 28}), labels},
                       {.classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                    "Sneaker", "Bag", "Ankle boot"}});
}

}  // namespace xgrad::data
