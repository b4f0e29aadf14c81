// A folder of images with a folder for each class.

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/data/image_files.hpp"
#include "xgrad/data/stages.hpp"

using namespace xgrad;
using data::Image;
using data::ImageFolder;
using test::error_of;
using test::Folder;

namespace {

using Numbers = std::vector<std::int64_t>;

/// cats with images of 1/255 and 2/255, dogs with one of 3/255, and what is no image.
struct Pets {
  Pets() {
    grey("cats/b.PNG", 2);
    grey("cats/more/a.png", 9);
    grey("cats/a.png", 1);
    grey("dogs/c.png", 3);
    folder.write("dogs/notes.txt", "none");
  }
  void grey(const std::string& name, std::uint8_t value, std::int64_t height = 2) const {
    folder.write(name,
                 data::encode_png(
                     {height, 2, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(2 * height), value)}));
  }
  Folder folder;
};

}  // namespace

TEST_CASE("rows are the images in the order of classes and names, with their class") {
  const Pets pets;
  const auto folder = std::make_shared<const ImageFolder>(pets.folder.path());

  CHECK(folder->classes() == std::vector<std::string>{"cats", "dogs"});
  CHECK(folder->labels().to_vector<std::int64_t>() == Numbers{0, 0, 0, 1});
  CHECK(folder->path(1) == pets.folder.path("cats/b.PNG"));
  Numbers values;
  for (const auto& [x, y] : data::from(folder)) {
    CHECK(x.describe() == "f32[3, 2, 2]");
    CHECK(y.describe() == "i64[]");
    values.push_back(std::llround(255 * x.at({2, 1, 1})));
  }
  CHECK(values == Numbers{1, 2, 9, 3});
}

TEST_CASE("a batch of images is made of their bytes, by workers too, and resized where that is asked for") {
  const Pets pets;
  pets.grey("dogs/tall.png", 7, 4);
  const auto batches =
      data::image_folder(pets.folder.path(), {.channels = 1, .height = 3, .width = 5, .keep = true}) |
      data::batch(5) | data::prefetch(2);
  for (int epoch = 0; epoch < 2; ++epoch) {
    const data::Batch batch = *batches.begin();
    CHECK(batch[0].describe() == "f32[5, 1, 3, 5]");
    CHECK(batch[1].to_vector<std::int64_t>() == Numbers{0, 0, 0, 1, 1});
    for (std::int64_t i = 0; const std::int64_t value : {1, 2, 9, 3, 7})
      CHECK(std::llround(255 * batch[0].at({i++, 0, 2, 4})) == value);
    if (epoch == 0) std::filesystem::remove_all(pets.folder.path("cats"));  // the bytes are kept
  }
}

TEST_CASE("a folder that is none, or images that do not fit, are errors that say where") {
  const Pets pets;
  const auto path = [&](const std::string& name) { return pets.folder.path(name); };
  const auto says = [](auto f, const std::string& message) { CHECK(error_of(f) == message); };
  const auto pass = [&](data::ImageFolderOptions options) {
    for ([[maybe_unused]] const auto& batch :
         data::image_folder(pets.folder.path(), options) | data::batch(9)) {
    }
  };

  says([&] { ImageFolder folder(path("none")); },
       "ImageFolder: a folder with a folder for each class is expected: " + path("none"));
  says([&] { ImageFolder folder(path("cats/more")); },
       "ImageFolder: a folder for each class is expected, and there is none: " + path("cats/more"));
  says([&] { ImageFolder folder(pets.folder.path(), {.height = 3}); },
       "ImageFolder: height and width must be given together, and channels be 1 or 3: they are 3, 0 and 3");
  pets.grey("dogs/tall.png", 7, 4);
  says([&] { pass({}); },
       "Source: ImageFolder: the images of a batch must have one size; give .height and .width: 2 x 2 and 4 "
       "x 2 of " +
           path("dogs/tall.png") + ": at row 0");
  pets.folder.write("dogs/tall.png", "broken");
  says([&] { pass({}); }, "Source: read_image: a PNG or JPEG file is expected, and this begins as neither: " +
                              path("dogs/tall.png") + ": at row 0");
  pets.folder.write("fish/notes.txt", "none");
  says([&] { ImageFolder folder(pets.folder.path()); },
       "ImageFolder: a class needs a file that ends in .png, .jpg or .jpeg: " + path("fish"));
}
