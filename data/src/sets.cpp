#include "xgrad/data/sets.hpp"

#include "find_file.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/data/csv.hpp"

namespace xgrad::data {

namespace {

// A data set that ships with xgrad: its file and what must be in it.
struct Shipped {
  const char* name;
  const char* file;
  std::int64_t rows;
  std::int64_t columns;
  CsvOptions csv;
  Names names = {};  // where the file has none
};

[[noreturn]] void fail(const Shipped& set, const std::string& what, const std::string& path) {
  throw Error(std::string(set.name) + ": " + what + "; get the file again: " + path);
}

TensorDataset load(const Shipped& set, const SetOptions& options) {
  const std::string path =
      find_file(set.name, {set.file}, directories_or(options.directory),
                "It ships with xgrad in examples/data: name that directory by the option .directory, by "
                "data::set_directory or by the environment variable XGRAD_DATA.");
  CsvOptions csv = set.csv;
  csv.dtype = options.dtype;
  const TensorDataset read = read_csv(path, csv);
  if (read.features().shape() != Shape{set.rows, set.columns})
    fail(set,
         "it needs features " + Shape{set.rows, set.columns}.str() + ", and these are " +
             read.features().shape().str(),
         path);

  if (!csv.label.given()) return read;
  const auto classes = static_cast<std::int64_t>(set.names.classes.size());
  const Tensor& labels = read.targets();
  if (amin(labels).item<std::int64_t>() != 0 || amax(labels).item<std::int64_t>() != classes - 1)
    fail(set, "the labels must be 0 to " + std::to_string(classes - 1), path);
  return TensorDataset(read.tensors(), set.names);
}

std::vector<std::string> pixel_names() {
  std::vector<std::string> names;
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column)
      names.push_back("pixel_" + std::to_string(row) + "_" + std::to_string(column));
  return names;
}

// Each of ten measures of a cell's nucleus: mean, standard error, and the mean of the three largest.
std::vector<std::string> nucleus_names() {
  std::vector<std::string> names;
  for (const char* measure : {"radius", "texture", "perimeter", "area", "smoothness", "compactness",
                              "concavity", "concave points", "symmetry", "fractal dimension"})
    names.push_back(std::string("mean ") + measure);
  for (std::size_t i = 0; i < 10; ++i) names.push_back(names[i].substr(5) + " error");
  for (std::size_t i = 0; i < 10; ++i) names.push_back("worst " + names[i].substr(5));
  return names;
}

// A first line with the numbers of rows and columns and the names of the classes; the label is last.
CsvOptions counted() { return {.label = -1, .header = false, .skip_lines = 1}; }

}  // namespace

TensorDataset digits(const SetOptions& options) {
  const TensorDataset set = load(
      {.name = "digits",
       .file = "digits.csv.gz",
       .rows = 1797,
       .columns = 64,
       .csv = {.label = -1, .header = false},
       .names = {.features = pixel_names(), .classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}},
      options);
  return set.with_features(set.features() / 16);
}

TensorDataset iris(const SetOptions& options) {
  return load({.name = "iris",
               .file = "iris.csv",
               .rows = 150,
               .columns = 4,
               .csv = counted(),
               .names = {.features = {"sepal length (cm)", "sepal width (cm)", "petal length (cm)",
                                      "petal width (cm)"},
                         .classes = {"setosa", "versicolor", "virginica"}}},
              options);
}

TensorDataset wine(const SetOptions& options) {
  return load(
      {.name = "wine",
       .file = "wine.csv",
       .rows = 178,
       .columns = 13,
       .csv = counted(),
       .names = {.features = {"alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium",
                              "total phenols", "flavanoids", "nonflavanoid phenols", "proanthocyanins",
                              "color intensity", "hue", "od280/od315 of diluted wines", "proline"},
                 .classes = {"class_0", "class_1", "class_2"}}},
      options);
}

TensorDataset breast_cancer(const SetOptions& options) {
  return load({.name = "breast_cancer",
               .file = "breast_cancer.csv",
               .rows = 569,
               .columns = 30,
               .csv = counted(),
               .names = {.features = nucleus_names(), .classes = {"malignant", "benign"}}},
              options);
}

TensorDataset boston_housing(const SetOptions& options) {
  return load({.name = "boston_housing",
               .file = "boston_housing.csv",
               .rows = 506,
               .columns = 13,
               .csv = {.targets = {"medv"}}},
              options);
}

TensorDataset diabetes(const SetOptions& options) {
  return load({.name = "diabetes",
               .file = "diabetes.csv",
               .rows = 442,
               .columns = 10,
               .csv = {.targets = {"target"}}},
              options);
}

}  // namespace xgrad::data
