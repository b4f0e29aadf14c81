#include "xgrad/data/directories.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "files.hpp"
#include "xgrad/data/sets.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

namespace fs = std::filesystem;

const std::string shipped = XGRAD_EXAMPLE_DATA;

/// Sets XGRAD_DATA, the current directory and the directory of set_directory back at the end of a test.
class Surroundings {
 public:
  Surroundings() : current_(fs::current_path()) {
    const char* value = getenv("XGRAD_DATA");
    if (value) data_ = value;
    had_data_ = value != nullptr;
    unsetenv("XGRAD_DATA");
  }
  ~Surroundings() {
    data::set_directory("");
    fs::current_path(current_);
    had_data_ ? setenv("XGRAD_DATA", data_.c_str(), 1) : unsetenv("XGRAD_DATA");
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

 private:
  fs::path current_;
  std::string data_;
  bool had_data_;
};

std::size_t place_of(const std::string& directory) {
  const auto all = data::directories();
  return static_cast<std::size_t>(std::find(all.begin(), all.end(), directory) - all.begin());
}

// A file of 150 rows that is not the real iris data: all features are `value`.
void write_iris(const Folder& folder, const std::string& name, const std::string& value) {
  std::string text = "header\n";
  for (int i = 0; i < 150; ++i) text += value + ",2,3,4," + std::to_string(i % 3) + "\n";
  folder.write(name, text);
}

double first_of_iris() { return data::iris().features().at({0, 0}); }

}  // namespace

TEST_CASE("the directory that a program sets comes first, then XGRAD_DATA") {
  const Surroundings guard;
  data::set_directory("/chosen");
  setenv("XGRAD_DATA", "/of/environment", 1);

  CHECK(place_of("/chosen") == 0);
  CHECK(place_of("/of/environment") == 1);
}

TEST_CASE("data is read from the directory that XGRAD_DATA names") {
  const Surroundings guard;
  const Folder folder;
  write_iris(folder, "iris.csv", "77");
  setenv("XGRAD_DATA", folder.path().c_str(), 1);

  CHECK(first_of_iris() == 77);
}

TEST_CASE("data is read from the directory that the program has set") {
  const Surroundings guard;
  const Folder folder;
  write_iris(folder, "iris.csv", "78");
  setenv("XGRAD_DATA", shipped.c_str(), 1);
  data::set_directory(folder.path());

  CHECK(first_of_iris() == 78);
}

TEST_CASE("what is not in a directory that was set is looked for in the others") {
  const Surroundings guard;
  const Folder folder;
  write_iris(folder, "iris.csv", "79");
  data::set_directory("/no/such/place");
  setenv("XGRAD_DATA", folder.path().c_str(), 1);

  CHECK(first_of_iris() == 79);
}

TEST_CASE("examples/data is found from the directories below it") {
  const Surroundings guard;
  const Folder folder;
  fs::create_directories(folder.path("a/b"));
  fs::current_path(folder.path("a/b"));

  CHECK(place_of(fs::canonical(folder.path()).string() + "/examples/data") < data::directories().size());
}

TEST_CASE("the directory of a call is the only one") {
  const Surroundings guard;
  setenv("XGRAD_DATA", shipped.c_str(), 1);

  CHECK(error_of([] { data::iris({.directory = "/no/such/place"}); }) ==
        "iris: a file is not found: tried\n  /no/such/place/iris.csv\nIt ships with xgrad in examples/data: "
        "name that "
        "directory by the option .directory, by data::set_directory or by the environment variable "
        "XGRAD_DATA.");
}

TEST_CASE("every place that was tried for Fashion-MNIST is listed, and how to get it") {
  CHECK(error_of([] { data::fashion_mnist({.directory = "/no/such/place"}); }) ==
        "fashion_mnist: a file is not found: tried\n"
        "  /no/such/place/train-images-idx3-ubyte.gz\n"
        "  /no/such/place/train-images-idx3-ubyte\n"
        "Install the Debian package dataset-fashion-mnist (apt install dataset-fashion-mnist), or put the "
        "files into a "
        "directory and name it by the option .directory, or into a directory fashion-mnist below that of "
        "data::set_directory or of the environment variable XGRAD_DATA.");
}

TEST_CASE("Fashion-MNIST is looked for in a directory of its name, where MNIST cannot be") {
  const Surroundings guard;
  const Folder folder;
  fs::copy(XGRAD_TEST_DATA "/fashion-mnist-mini", folder.path("fashion-mnist"));
  setenv("XGRAD_DATA", folder.path().c_str(), 1);

  CHECK(data::fashion_mnist({.train = false}).size() == 1000);
}
