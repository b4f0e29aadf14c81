// The area under the curve for several classes. scikit-learn's values are in tests/data/measures.json.

#include "xgrad/train/measures/multiclass_auc.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "datasets/files.hpp"
#include "files/reference.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/measures/ranking.hpp"

using namespace xgrad;
using namespace xgrad::train;
using ::test::error_of;

namespace {

std::vector<MulticlassAuc> all_kinds(bool from_logits = true) {
  std::vector<MulticlassAuc> all;
  for (const AucPairs pairs : {AucPairs::one_vs_rest, AucPairs::one_vs_one})
    for (const bool weighted : {false, true})
      all.push_back(MulticlassAuc({.pairs = pairs, .weighted = weighted, .from_logits = from_logits}));
  return all;
}

}  // namespace

TEST_CASE("the areas are scikit-learn's, by batches, merged, and from a state") {
  const auto c = nlohmann::json::parse(::test::bytes_of_file(XGRAD_TEST_DATA "/measures.json"))[0];
  const Tensor p = tensor(c["predictions"].get<std::vector<double>>(), {40, 5});
  const Tensor t = tensor(c["targets"].get<std::vector<std::int64_t>>());
  for (const MulticlassAuc& kind : all_kinds()) {
    MulticlassAuc first = kind, second = kind, loaded = kind;

    first.update(p.slice(0, 0, 7), t.slice(0, 0, 7)), first.update(p.slice(0, 7, 15), t.slice(0, 7, 15));
    second.update(p.slice(0, 15), t.slice(0, 15));
    load_state_dict(loaded, state_dict(second));
    loaded.merge(first), first.merge(second), first.merge(kind);

    const double expected = c["values"][kind.name()].get<double>();
    CHECK_MESSAGE(std::abs(first.value() - expected) < 1e-12, kind.name());
    CHECK_MESSAGE(loaded.value() == first.value(), kind.name());
  }
}

TEST_CASE("by hand: of three classes one is told apart, and the other two are not") {
  // A(0|1) = A(0|2) = 1, A(1|0) = A(2|0) = 1; classes 1 and 2 have the same probabilities, so A(1|2) = 1/2.
  const Tensor p = tensor({{0.8, 0.1, 0.1}, {0.2, 0.4, 0.4}, {0.2, 0.4, 0.4}, {0.2, 0.4, 0.4}});
  const Tensor t = tensor({0, 1, 2, 2});
  const std::vector<double> expected{
      (1 + (1 + 2 * 0.5) / 3 + (1 + 0.5) / 2) / 3,      // rest of 1: row 0 below, two rows equal
      (1 + (1 + 2 * 0.5) / 3 + 2 * (1 + 0.5) / 2) / 4,  // by 1, 1 and 2 rows
      (1 + 1 + 0.5) / 3,                                // pairs 01, 02, 12
      (2 * 1 + 3 * 1 + 3 * 0.5) / 8};                   // by 2, 3 and 3 rows
  auto kinds = all_kinds(false);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    kinds[i].update(p, t);
    CHECK_MESSAGE(std::abs(kinds[i].value() - expected[i]) < 1e-12, kinds[i].name());
  }
}

TEST_CASE("of two classes it is the area of the one") {
  const Tensor logits = randn({50, 2}, {}, Generator(3)), t = randint(0, 2, {50}, {}, Generator(4));
  RocAuc one;
  one.update(logits, t);
  for (MulticlassAuc auc : all_kinds()) {
    auc.update(logits, t);
    CHECK_MESSAGE(std::abs(auc.value() - one.value()) < 1e-12, auc.name());
  }
}

TEST_CASE("what it cannot measure is an error, and it takes in nothing") {
  MulticlassAuc auc;
  const Tensor p = tensor({{2.0, 1.0, 0.0}, {0.0, 2.0, 1.0}}), t = tensor({0, 1});
  CHECK(error_of([&] { auc.value(); }).starts_with("auc_one_vs_rest: "));
  CHECK(error_of([&] {
          auc.update(tensor({0.1, 0.2}), t);
        }).starts_with("auc_one_vs_rest: predictions must be [rows, classes]"));
  CHECK(error_of([&] { auc.update(p, tensor({0, 3})); }).starts_with("auc_one_vs_rest: "));
  Tensor nan = p.clone();
  nan.index_put_({0, 1}, std::numeric_limits<double>::quiet_NaN());
  CHECK(error_of([&] { auc.update(nan, t); }).starts_with("auc_one_vs_rest: a score must be a number"));
  CHECK(error_of([&] { auc.value(); }) == error_of([] { MulticlassAuc().value(); }));

  auc.update(p, t);
  CHECK(error_of([&] { auc.value(); }) ==
        "auc_one_vs_rest: it needs rows of every class: of class 2 there are 0 of 2");
  CHECK(error_of([&] {
          auc.update(ones({2, 4}), t);
        }) == "auc_one_vs_rest: all rows need the same number of classes: there are 4 after 3");
  CHECK(error_of([&] { auc.merge(MulticlassAuc({.pairs = AucPairs::one_vs_one})); }).size() > 0);

  StateDict state = state_dict(auc);
  state.set("rows", tensor({{0.5}, {0.5}, {7.0}}, float64));
  CHECK(error_of([&] { load_state_dict(auc, state); }).find("a label must be a class of 2") !=
        std::string::npos);
}
