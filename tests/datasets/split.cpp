#include "xgrad/data/split.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "files.hpp"
#include "xgrad/core/creation.hpp"

using namespace xgrad;
using data::TensorDataset;
using test::error_of;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers(const Tensor& x) { return x.to_vector<std::int64_t>(); }

// Example i has feature i and class 0, 1 or 2: one in two, three in ten, one in five.
TensorDataset classes(std::int64_t n) {
  Numbers labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2);
  return TensorDataset({arange(n), tensor(labels)}, {.classes = {"a", "b", "c"}});
}

std::int64_t count(const TensorDataset& set, std::int64_t label) {
  const Numbers labels = numbers(set.targets());
  return std::count(labels.begin(), labels.end(), label);
}

}  // namespace

TEST_CASE("the first part has the fraction of the examples, to the nearest") {
  CHECK(data::split(classes(10), 0.8).first.size() == 8);
  CHECK(data::split(classes(1797), 0.8).first.size() == 1438);
  CHECK(data::split(classes(100), 0.29).first.size() == 29);
}

TEST_CASE("the parts together hold every example once, targets beside features") {
  auto [first, second] = data::split(classes(100), 0.7);
  Numbers all = numbers(first.features());
  const Numbers rest = numbers(second.features());
  all.insert(all.end(), rest.begin(), rest.end());
  Numbers expected(100);
  std::iota(expected.begin(), expected.end(), 0);

  CHECK(all != expected);
  std::sort(all.begin(), all.end());
  CHECK(all == expected);
  for (std::int64_t i = 0; i < first.size(); ++i) {
    const std::int64_t digit = first.features().at<std::int64_t>({i}) % 10;
    CHECK(first.targets().at<std::int64_t>({i}) == (digit < 5 ? 0 : digit < 8 ? 1 : 2));
  }
}

TEST_CASE("without shuffle the order stays and memory is shared") {
  const TensorDataset set = classes(10);
  const auto [first, second] = data::split(set, 0.3, {.shuffle = false});

  CHECK(numbers(first.features()) == Numbers{0, 1, 2});
  CHECK(numbers(second.features()) == Numbers{3, 4, 5, 6, 7, 8, 9});
  CHECK(first.features().data<std::int64_t>().data() == set.features().data<std::int64_t>().data());
}

TEST_CASE("the same seed gives the same parts") {
  const auto part = [](std::uint64_t seed) {
    return numbers(data::split(classes(50), 0.5, {.generator = Generator(seed)}).first.features());
  };

  CHECK(part(1) == part(1));
  CHECK(part(1) != part(2));
}

TEST_CASE("stratified parts have the same share of each class") {
  const auto [first, second] = data::split(classes(100), 0.8, {.stratify = true});

  CHECK(first.size() == 80);
  CHECK(count(first, 0) == 40);
  CHECK(count(first, 1) == 24);
  CHECK(count(first, 2) == 16);
  CHECK(count(second, 2) == 4);
}

TEST_CASE("stratified shares that are no whole numbers are rounded by the largest remainders") {
  // Classes of 5, 3 and 2, times 0.5: 2.5, 1.5 and 1, of which 5 are wanted.
  const auto [first, second] = data::split(classes(10), 0.5, {.stratify = true});

  CHECK(first.size() == 5);
  CHECK(count(first, 0) == 3);
  CHECK(count(first, 1) == 1);
  CHECK(count(first, 2) == 1);
}

TEST_CASE("a stratified split without shuffle takes the first examples of each class") {
  const auto [first, second] = data::split(classes(10), 0.4, {.shuffle = false, .stratify = true});

  CHECK(numbers(first.features()) == Numbers{0, 1, 5, 8});
}

TEST_CASE("all, nothing, and the parts of an empty data set") {
  CHECK(data::split(classes(10), 1).second.size() == 0);
  CHECK(data::split(classes(10), 0).first.size() == 0);
  CHECK(data::split(classes(10), 0, {.stratify = true}).first.size() == 0);
  CHECK(data::split(TensorDataset(zeros({0, 2}), zeros({0})), 0.8).first.features().shape() == Shape{0, 2});
}

TEST_CASE("both parts keep the names") {
  const auto [first, second] = data::split(classes(10), 0.5);

  CHECK(first.names().classes.size() == 3);
  CHECK(second.names().classes.size() == 3);
}

TEST_CASE("a fraction is no percentage") {
  CHECK(error_of([] { data::split(classes(10), 80); }) ==
        "split: the fraction must lie between 0 and 1: it is 80.000000");
  CHECK(error_of([] { data::split(classes(10), -0.5); }) ==
        "split: the fraction must lie between 0 and 1: it is -0.500000");
}

TEST_CASE("numbers to predict cannot be stratified") {
  const TensorDataset set(zeros({4, 2}), zeros({4, 1}));

  CHECK(error_of([&] { data::split(set, 0.5, {.stratify = true}); }) ==
        "split: stratify needs classes, int64 of one axis: the targets are f32[4, 1]");
}
