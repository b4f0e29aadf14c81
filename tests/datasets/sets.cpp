#include "xgrad/data/sets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "files.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/data/csv.hpp"

using namespace xgrad;
using data::TensorDataset;
using test::error_of;
using test::Folder;

namespace {

const std::string shipped = XGRAD_EXAMPLE_DATA;
const std::string mini = XGRAD_TEST_DATA "/fashion-mnist-mini";

// How many examples each class has.
std::vector<int> class_sizes(const TensorDataset& set) {
  std::vector<int> sizes(set.names().classes.size());
  for (const auto label : set.targets().to_vector<std::size_t>()) ++sizes.at(label);
  return sizes;
}

std::vector<double> column(const Tensor& x, std::int64_t i) {
  return x.slice(1, i, i + 1).to_vector<double>();
}

// Least, largest and mean value of a column.
struct Range {
  double min, max, mean;
};
Range range(const TensorDataset& set, std::int64_t i) {
  const std::vector<double> v = column(set.features().to(float64), i);
  double sum = 0;
  for (double x : v) sum += x;
  return {*std::min_element(v.begin(), v.end()), *std::max_element(v.begin(), v.end()),
          sum / static_cast<double>(v.size())};
}

bool names_fit(const TensorDataset& set) {
  return static_cast<std::int64_t>(set.names().features.size()) == set.features().size(1);
}

}  // namespace

// Sizes, classes and ranges below are those that the publishers of the data state.

TEST_CASE("digits") {
  const auto set = data::digits();

  CHECK(set.describe() == "f32[1797, 64], i64[1797]");
  CHECK(class_sizes(set) == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  CHECK(amin(set.features()).item() == 0);
  CHECK(amax(set.features()).item() == 1);
  CHECK(set.features().at({0, 2}) == 5.0 / 16);  // the third pixel of the file
  CHECK(set.names().features[9] == "pixel_1_1");
  CHECK(names_fit(set));
}

TEST_CASE("iris") {
  const auto set = data::iris();

  CHECK(set.describe() == "f32[150, 4], i64[150]");
  CHECK(class_sizes(set) == std::vector<int>{50, 50, 50});
  CHECK(set.names().classes == std::vector<std::string>{"setosa", "versicolor", "virginica"});
  CHECK(range(set, 0).min == doctest::Approx(4.3));
  CHECK(range(set, 2).max == doctest::Approx(6.9));
  CHECK(range(set, 3).mean == doctest::Approx(1.20).epsilon(0.005));
  CHECK(names_fit(set));
}

TEST_CASE("wine") {
  const auto set = data::wine();

  CHECK(set.describe() == "f32[178, 13], i64[178]");
  CHECK(class_sizes(set) == std::vector<int>{59, 71, 48});
  CHECK(range(set, 1).min == doctest::Approx(0.74));
  CHECK(range(set, 12).max == 1680);
  CHECK(range(set, 12).mean == doctest::Approx(746).epsilon(0.002));
  CHECK(set.names().features[12] == "proline");
  CHECK(names_fit(set));
}

TEST_CASE("breast cancer") {
  const auto set = data::breast_cancer();

  CHECK(set.describe() == "f32[569, 30], i64[569]");
  CHECK(class_sizes(set) == std::vector<int>{212, 357});
  CHECK(set.names().classes == std::vector<std::string>{"malignant", "benign"});
  CHECK(range(set, 3).max == 2501);
  CHECK(set.names().features[3] == "mean area");
  CHECK(range(set, 13).max == doctest::Approx(542.2));
  CHECK(set.names().features[13] == "area error");
  CHECK(range(set, 29).max == doctest::Approx(0.208).epsilon(0.005));
  CHECK(set.names().features[29] == "worst fractal dimension");
  CHECK(names_fit(set));
}

TEST_CASE("Boston housing") {
  const auto set = data::boston_housing();

  CHECK(set.describe() == "f32[506, 13], f32[506, 1]");
  CHECK(set.names().features.front() == "crim");
  CHECK(set.names().targets == std::vector<std::string>{"medv"});
  CHECK(set.features().at({0, 5}) == doctest::Approx(6.575));
  CHECK(amax(set.targets()).item() == 50);
  CHECK(names_fit(set));
}

TEST_CASE("diabetes") {
  const auto set = data::diabetes();

  CHECK(set.describe() == "f32[442, 10], f32[442, 1]");
  CHECK(set.targets().mean().item() == doctest::Approx(152.13).epsilon(1e-4));
  CHECK(set.names().features ==
        std::vector<std::string>{"age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"});
}

TEST_CASE("data sets in float64") {
  CHECK(data::iris({.dtype = float64}).describe() == "f64[150, 4], i64[150]");
  CHECK(data::diabetes({.dtype = float64}).describe() == "f64[442, 10], f64[442, 1]");
  CHECK(data::iris({.dtype = float64}).features().at({0, 0}) == 5.1);
}

TEST_CASE("Fashion-MNIST from a directory") {
  const auto set = data::fashion_mnist({.train = false, .directory = mini});

  CHECK(set.describe() == "f32[1000, 784], i64[1000]");
  CHECK(set.names().classes[9] == "Ankle boot");
  CHECK(amin(set.features()).item() == 0);
  CHECK(amax(set.features()).item() == 1);
  CHECK(set.targets().slice(0, 0, 5).to_vector<int>() == std::vector<int>{9, 2, 1, 1, 6});  // as published
}

TEST_CASE("Fashion-MNIST whole, where the package is installed") {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")) return;
  const auto set = data::fashion_mnist();

  CHECK(set.describe() == "f32[60000, 784], i64[60000]");
  CHECK(class_sizes(set) == std::vector<int>(10, 6000));
  CHECK(set.features().mean().item() == doctest::Approx(0.2860).epsilon(1e-3));  // as widely published
  CHECK(class_sizes(data::fashion_mnist({.train = false})) == std::vector<int>(10, 1000));
}

TEST_CASE("a data set of the wrong size is not accepted") {
  const Folder folder;
  folder.write("iris.csv", "2,4,setosa,versicolor,virginica\n1,2,3,4,0\n1,2,3,4,1\n");

  CHECK(error_of([&] { data::iris({.directory = folder.path()}); }) ==
        "iris: it needs features [150, 4], and these are [2, 4]; get the file again: " +
            folder.path("iris.csv"));
}

TEST_CASE("a data set with other classes is not accepted") {
  const Folder folder;
  std::string text = "header\n";
  for (int i = 0; i < 150; ++i) text += "1,2,3,4," + std::to_string(i % 4) + "\n";
  folder.write("iris.csv", text);

  CHECK(error_of([&] { data::iris({.directory = folder.path()}); }) ==
        "iris: the labels must be 0 to 2; get the file again: " + folder.path("iris.csv"));
}

TEST_CASE("images and labels of different number are not accepted") {
  const Folder folder;
  std::filesystem::copy(mini + "/t10k-images-idx3-ubyte.gz", folder.path());
  folder.write("t10k-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x01\x02", 10));

  CHECK(error_of([&] { data::fashion_mnist({.train = false, .directory = folder.path()}); }) ==
        "fashion_mnist: needs 1000 labels, and these are i64[2]: " + folder.path("t10k-labels-idx1-ubyte"));
}

TEST_CASE("data sets have floating features") {
  CHECK(error_of([] { data::fashion_mnist({.dtype = int64}); }) ==
        "fashion_mnist: the dtype must be float32 or float64: it is i64");
  CHECK(error_of([] { data::iris({.dtype = int64}); }) ==
        "read_csv: the dtype must be float32 or float64: it is i64");
}
