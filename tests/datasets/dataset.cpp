#include "xgrad/data/dataset.hpp"

#include <doctest/doctest.h>

#include "files.hpp"
#include "xgrad/core/creation.hpp"

using namespace xgrad;
using data::TensorDataset;
using test::error_of;

TEST_CASE("a data set is its tensors") {
  const Tensor x = zeros({5, 2});
  const Tensor y = arange(5);
  const TensorDataset set(x, y);

  CHECK(set.size() == 5);
  CHECK(set.describe() == "f32[5, 2], i64[5]");
  CHECK(set.features().data<float>().data() == x.data<float>().data());
  CHECK(set.targets().data<std::int64_t>().data() == y.data<std::int64_t>().data());
}

TEST_CASE("a data set can be made from any number of tensors") {
  const Tensor x = zeros({5, 2});

  CHECK(TensorDataset{x}.tensors().size() == 1);
  CHECK(TensorDataset{x, x}.tensors().size() == 2);
  CHECK(TensorDataset({x, x, x}).tensors().size() == 3);
  CHECK(TensorDataset(std::vector<Tensor>(4, x)).tensors().size() == 4);
}

TEST_CASE("copies of a data set share the tensors") {
  const TensorDataset set(zeros({5, 2}), arange(5));
  const TensorDataset copy = set;

  CHECK(&copy.features() == &set.features());
}

TEST_CASE("a data set may be empty") { CHECK(TensorDataset(zeros({0, 2}), zeros({0})).size() == 0); }

TEST_CASE("other features keep targets and names") {
  const TensorDataset set({zeros({5, 2}), arange(5)}, {.classes = {"a", "b"}});
  const TensorDataset other = set.with_features(ones({5, 3}));

  CHECK(other.describe() == "f32[5, 3], i64[5]");
  CHECK(other.names().classes == std::vector<std::string>{"a", "b"});
}

TEST_CASE("consecutive examples share memory") {
  const TensorDataset set(arange(5), arange(5));
  const TensorDataset part = set.slice(1, -1);

  CHECK(part.targets().to_vector<int>() == std::vector<int>{1, 2, 3});
  CHECK(part.targets().data<std::int64_t>().data() == set.targets().data<std::int64_t>().data() + 1);
}

TEST_CASE("examples by index come in its order") {
  const TensorDataset set(arange(5), arange(5));

  CHECK(set.index_select(tensor({4, 0, 4})).targets().to_vector<int>() == std::vector<int>{4, 0, 4});
}

TEST_CASE("leading sizes must agree") {
  CHECK(error_of([] {
          TensorDataset(zeros({5, 2}), zeros({4}));
        }) == "TensorDataset: leading sizes must agree: the tensors are f32[5, 2], f32[4]");
}

TEST_CASE("every tensor needs rows") {
  CHECK(error_of([] {
          TensorDataset(zeros({5, 2}), zeros({}));
        }) == "TensorDataset: each tensor must have rows: the tensors are f32[5, 2], f32[]");
  CHECK(error_of([] { TensorDataset(Tensor(), zeros({5})); }) ==
        "TensorDataset: each tensor must have rows: the tensors are undefined, f32[5]");
  CHECK(error_of([] { TensorDataset(std::vector<Tensor>()); }) ==
        "TensorDataset: a data set needs a tensor: there is none");
}

TEST_CASE("targets that are not there") {
  CHECK(error_of([] {
          TensorDataset{zeros({5, 2})}.targets();
        }) ==
        "TensorDataset::targets: the data set has features alone: it is f32[5, 2]; give it two tensors");
}
