// Folds, searches, weights of classes, thresholds.

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <set>
#include <stdexcept>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/cross_validation.hpp"
#include "xgrad/train/imbalance.hpp"
#include "xgrad/train/measures.hpp"
#include "xgrad/train/search.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;

namespace {

data::TensorDataset numbered(const std::vector<std::int64_t>& classes) {
  return {arange(std::ssize(classes)).to(float64), tensor(classes)};
}

/// (lr - 0.1)^2 in logarithms, and more noise of the try's own with a smaller budget.
double score_of(const train::Trial& t) {
  const double distance = std::log10(t["lr"]) + 1;
  return distance * distance + 1e-3 * t.generator().uniform() / static_cast<double>(t.budget());
}

const std::vector<train::Choice> rates{{.name = "lr", .low = 1e-4, .high = 1, .logarithmic = true}};

std::vector<double> scores_in(const train::SearchResult& result) {
  std::vector<double> all;
  for (const auto& row : result.rows) all.push_back(row.score);
  return all;
}

}  // namespace

TEST_CASE("each example is held out in one fold, and of each class as many in each, give or take one") {
  const std::vector<std::int64_t> classes{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2};
  for (const bool stratify : {false, true}) {
    std::multiset<double> held_out;
    for (const train::Fold& fold :
         train::folds(numbered(classes), 3, {.stratify = stratify, .generator = Generator(1)})) {
      CHECK(fold.train.size() + fold.held_out.size() == 14);
      CHECK((fold.held_out.size() == 4 || fold.held_out.size() == 5));
      std::multiset<double> both;
      for (const double v : fold.held_out.features().to_vector<double>()) held_out.insert(v), both.insert(v);
      for (const double v : fold.train.features().to_vector<double>()) both.insert(v);
      CHECK(std::set<double>(both.begin(), both.end()).size() == 14);
      if (!stratify) continue;
      const double of_class[] = {7, 4, 3};
      for (std::int64_t c = 0; c < 3; ++c) {
        const double count = (fold.held_out.targets() == c).sum().item();
        CHECK((count == std::floor(of_class[c] / 3) || count == std::ceil(of_class[c] / 3)));
      }
    }
    CHECK(held_out.size() == 14);
    CHECK(std::set<double>(held_out.begin(), held_out.end()).size() == 14);
  }
}

TEST_CASE("folds that cannot be are an error") {
  const auto set = numbered({0, 1});

  CHECK(error_of([&] { train::folds(set, 1); }) ==
        "folds: there must be 2 to 2 folds of f64[2], i64[2]: k is 1");
  CHECK(error_of([&] { train::folds(set, 3); }).starts_with("folds: there must be 2 to 2 folds"));
  CHECK(error_of([&] {
          train::folds({ones({2}), ones({2})}, 2, {.stratify = true});
        }).starts_with("folds: stratify needs int64 classes [rows]: the targets are f32[2]"));
}

TEST_CASE("cross-validation is the same for any number of threads and any state of the default generator") {
  const data::TensorDataset set = three_classes(30, 1);
  const auto validate = [&](int threads) {
    return train::cross_validate(
        set,
        [](const train::Fold& fold, Generator generator) {
          nn::Sequential net{nn::Linear(4, 3, {.generator = generator})};
          optim::Adam adam(net, {.lr = 0.05});
          train::fit(net, nn::cross_entropy, adam, fold.train,
                     {.epochs = 3, .batch_size = 8, .generator = generator, .show = silent});
          return train::evaluate(net, nn::cross_entropy, fold.held_out, {.measures = {train::Accuracy()}});
        },
        {.folds = 4, .stratify = true, .seed = 3, .threads = threads});
  };

  const auto one = validate(1);
  manual_seed(77);
  const auto three = validate(3);

  REQUIRE(one.folds.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(one.folds[i]["loss"] == three.folds[i]["loss"]);
  CHECK(one.folds[0]["loss"] != one.folds[1]["loss"]);
  CHECK(one.str().find("mean    loss ") != std::string::npos);
}

TEST_CASE("means and deviations are those of the folds") {
  train::CrossValidation result;
  for (const double v : {1.0, 2.0, 6.0}) {
    train::Scores scores;
    scores.set("loss", v);
    result.folds.push_back(scores);
  }

  CHECK(result.mean("loss") == 3);
  CHECK(std::abs(result.stddev("loss") - std::sqrt(7.0)) < 1e-15);
  CHECK(error_of([&] { result.mean("x"); }).starts_with("Scores: there is no \"x\""));
}

TEST_CASE("what a fold throws goes on to the caller, whatever it is") {
  const auto failing = [](const train::Fold&, Generator) -> train::Scores {
    throw std::out_of_range("row 3");
  };

  CHECK_THROWS_WITH_AS(train::cross_validate(numbered({0, 1, 0, 1}), failing, {.folds = 2, .threads = 2}),
                       "row 3", std::out_of_range);
  CHECK(error_of([&] {
          train::cross_validate(numbered({0, 1}), failing, {.folds = 2, .threads = 0});
        }) == "cross_validate: threads must be at least 1: it is 0");
}

TEST_CASE("a grid tries all combinations, the last choice changing fastest") {
  const auto result = train::grid_search(
      {{.name = "a", .values = {1, 2}}, {.name = "b", .values = {10, 20, 30}}},
      [](const train::Trial& t) { return t["a"] * t["b"]; }, {.budget = 4, .maximize = true, .threads = 2});

  CHECK(scores_in(result) == std::vector<double>{10, 20, 30, 20, 40, 60});
  CHECK(result.best == 5);
  CHECK(result["a"] == 2);
  CHECK(result["b"] == 30);
  CHECK(result.rows[0].budget == 4);
  CHECK(result.str().starts_with("60.0000  budget 4  a 2  b 30\n40.0000  budget 4  a 2  b 20\n"));
}

TEST_CASE("a random search is the same for any number of threads, and draws within the limits") {
  const std::vector<train::Choice> choices{{.name = "lr", .low = 1e-4, .high = 1, .logarithmic = true},
                                           {.name = "units", .low = 2, .high = 4, .whole = true},
                                           {.name = "kind", .values = {7, 9}}};
  const auto f = [](const train::Trial& t) { return score_of(t) + t["units"] + t["kind"]; };

  const auto one = train::random_search(choices, 60, f, {.seed = 5});
  const auto four = train::random_search(choices, 60, f, {.seed = 5, .threads = 4});

  CHECK(scores_in(one) == scores_in(four));
  std::set<double> units, kinds;
  int low = 0;
  for (const auto& row : one.rows) {
    CHECK((row.setting[0].second >= 1e-4 && row.setting[0].second <= 1));
    low += row.setting[0].second < 1e-2;
    units.insert(row.setting[1].second), kinds.insert(row.setting[2].second);
  }
  CHECK(units == std::set<double>{2, 3, 4});
  CHECK(kinds == std::set<double>{7, 9});
  CHECK((low > 18 && low < 42));  // half of the powers of ten: 30 of 60, four deviations about it
  CHECK(one["units"] == 2);
}

TEST_CASE("halving gives the best of each round more budget, and the same numbers") {
  std::atomic<std::int64_t> spent = 0;
  const auto result = train::successive_halving(
      rates, [&](const train::Trial& t) { return spent += t.budget(), score_of(t); },
      {.tries = 9, .min_budget = 2, .factor = 3, .seed = 5, .threads = 2});

  REQUIRE(result.rows.size() == 9 + 3 + 1);
  CHECK(spent == 9 * 2 + 3 * 6 + 1 * 18);
  CHECK(result.best == 12);
  CHECK(result.rows[12].budget == 18);
  std::size_t best = 0;
  for (std::size_t i = 1; i < 9; ++i)
    if (result.rows[i].score < result.rows[best].score) best = i;
  CHECK(result["lr"] == result.rows[best].setting[0].second);
}

TEST_CASE("a search returns what its best try has made, and the seed to make it again") {
  const auto with_model = [](const train::Trial& t) { return std::pair(score_of(t), t.setting()[0].second); };
  const auto plain = train::random_search(rates, 30, score_of, {.seed = 5});

  for (const int threads : {1, 4}) {
    const auto found = train::random_search(rates, 30, with_model, {.seed = 5, .threads = threads});
    CHECK(found.best == plain.best);
    CHECK(found.model == plain["lr"]);
    const auto& best = found.rows[found.best];
    CHECK(score_of(train::Trial(best.setting, best.seed, best.budget)) == best.score);
  }
  const auto halved = train::successive_halving(rates, with_model, {.tries = 9, .seed = 5, .threads = 2});
  CHECK(halved.model == halved["lr"]);
}

TEST_CASE("of equally good tries the model is that of the first, and not of one that failed") {
  const train::Choice which{.name = "i", .values = {0, 1, 2, 3}};
  for (const bool maximize : {false, true}) {
    const auto found = train::grid_search({which},
                                          [](const train::Trial& t) {
                                            if (t["i"] == 0)
                                              throw Error("fit: the loss must be finite: it is nan");
                                            return std::pair(t["i"] == 1 ? std::nan("") : 5.0,
                                                             nn::Linear(1, static_cast<int>(t["i"])));
                                          },
                                          {.maximize = maximize, .threads = 3});
    CHECK(found.best == 2);
    CHECK(found.model.weight.shape() == Shape{2, 1});
  }
}

TEST_CASE("a try that fails is told, and the search goes on; where all fail it is an error") {
  const auto result = train::grid_search({{.name = "lr", .values = {1, 2}}}, [](const train::Trial& t) {
    if (t["lr"] == 1) throw Error("fit: the loss must be finite: it is nan");
    return 3.0;
  });

  CHECK(result.best == 1);
  CHECK(result.rows[0].error == "fit: the loss must be finite: it is nan");
  CHECK(std::isnan(result.rows[0].score));
  CHECK(error_of([] {
          train::grid_search({{.name = "lr", .values = {1, 2}}}, [](const train::Trial& t) -> double {
            throw Error("x: must be " + std::to_string(t["lr"]));
          });
        }) ==
        "grid_search: at least one try must give a score: all 2 have failed, the first because of: x: must "
        "be 1.000000");
}

TEST_CASE("searches that cannot be made are errors") {
  CHECK(
      error_of([] { train::grid_search({}, score_of); }).starts_with("grid_search: there must be a choice"));
  CHECK(error_of([] {
          train::grid_search(rates, score_of);
        }).starts_with("grid_search: a choice needs values: \"lr\""));
  CHECK(error_of([] { train::random_search({{.name = "a", .low = 2, .high = 1}}, 3, score_of); }) ==
        "random_search: a choice needs values, or low < high, both above 0 if it is logarithmic: \"a\" goes "
        "from 2 to 1");
  CHECK(error_of([] {
          train::random_search(rates, 0, score_of);
        }).starts_with("random_search: tries must be at least 1"));
  CHECK(error_of([] {
          train::successive_halving(rates, score_of, {.factor = 1});
        }).starts_with("successive_halving: factor must be at least 2"));
  CHECK(error_of([] {
          train::Trial({{"lr", 1}}, 1, 1)["units"];
        }) == "Trial: there is no \"units\"; there are lr");
}

TEST_CASE("class weights make all classes count alike") {
  const Tensor weights = train::class_weights(tensor({0, 0, 0, 1}));

  CHECK(weights.to_vector<float>() == std::vector<float>{4.0F / 6, 2});
  CHECK(error_of([] {
          train::class_weights(tensor({0, 2}));
        }) == "class_weights: each class needs a row: class 1 of 3 has none in i64[2]");
  CHECK(error_of([] {
          train::class_weights(tensor({0, 2}), 2);
        }).starts_with("class_weights: a label must be one of 0 to 1: that in row 1 is 2"));
  CHECK(error_of([] {
          train::class_weights(tensor({0.5}));
        }).starts_with("class_weights: the targets must be int64"));
}

TEST_CASE("the threshold is where the goal is largest") {
  const Tensor scores = tensor({0.9, 0.8, 0.6, 0.4, 0.2}, {.dtype = float64}),
               labels = tensor({1, 0, 1, 0, 0});

  const auto f1 = train::tune_threshold(scores, labels);
  const auto accuracy = train::tune_threshold(scores, labels, train::ThresholdGoal::accuracy);
  const auto youden = train::tune_threshold(scores, labels, train::ThresholdGoal::youden);

  CHECK(std::abs(f1.threshold - 0.5) < 1e-15);  // 2 of 2 found, 1 wrong: 2 * 2 / (2 + 3)
  CHECK(f1.score == 0.8);
  CHECK(accuracy.score == 0.8);
  CHECK(std::abs(accuracy.threshold - 0.85) < 1e-15);  // the highest of two equally good ones
  CHECK(std::abs(youden.score - (1 - 1.0 / 3)) < 1e-15);
  train::F1 measured({.average = train::Average::binary, .threshold = f1.threshold});
  measured.update(scores, labels);
  CHECK(measured.value() == f1.score);
  CHECK(error_of([&] { train::tune_threshold(scores, ones({5})); }) ==
        "tune_threshold: it needs rows of both classes: all 5 targets are 1");
  CHECK(error_of([&] {
          train::tune_threshold(ones({2, 2}), tensor({0, 1}));
        }).starts_with("tune_threshold: the scores must be one number a row"));
}
