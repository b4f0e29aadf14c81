// Measures, against scikit-learn and formulas: of any batches, merged, saved.

#include "xgrad/train/measures.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/files.hpp"
#include "files/reference.hpp"
#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::train;
using ::test::error_of;

namespace {

/// The measures of a kind of case; those with Average::binary for two classes.
std::vector<AnyMeasure> measures_of(const std::string& kind) {
  if (kind == "regression") return {MeanAbsoluteError(), RootMeanSquaredError(), RSquared()};
  if (kind == "binary")
    return {Accuracy(),
            Precision({.average = Average::binary}),
            Recall({.average = Average::binary}),
            F1({.average = Average::binary}),
            RocAuc(),
            AveragePrecision()};
  std::vector<AnyMeasure> all{Accuracy(), Perplexity(), ConfusionMatrix()};
  for (const std::int64_t k : {1, 2, 3, 4}) all.emplace_back(TopKAccuracy(k));
  for (const Average average : {Average::macro, Average::micro, Average::weighted}) {
    all.emplace_back(Precision({.average = average}));
    all.emplace_back(Recall({.average = average}));
    all.emplace_back(F1({.average = average}));
  }
  return all;
}

void check_value(const Measure& measure, const nlohmann::json& values) {
  if (measure.name() == "confusion") {
    const auto& matrix = dynamic_cast<const ConfusionMatrix&>(measure);
    CHECK(matrix.counts().to_vector<std::int64_t>() == values["confusion"].get<std::vector<std::int64_t>>());
  } else if (values.contains(measure.name())) {
    const double expected = values[measure.name()].get<double>();
    CHECK_MESSAGE(std::abs(measure.value() - expected) <= 1e-12 * std::max(1.0, std::abs(expected)),
                  measure.name());
  }
}

/// Gives each measure the rows from `from` to `to`, seven at a time.
void update(std::vector<AnyMeasure>& measures, const Tensor& p, const Tensor& t, std::int64_t from,
            std::int64_t to) {
  for (std::int64_t i = from; i < to; i += 7) {
    const std::int64_t end = std::min(i + 7, to);
    for (AnyMeasure& measure : measures) measure->update(p.slice(0, i, end), t.slice(0, i, end));
  }
}

}  // namespace

TEST_CASE("measures are scikit-learn's, by batches, merged in any order, and from a state") {
  const auto cases = nlohmann::json::parse(::test::bytes_of_file(XGRAD_TEST_DATA "/measures.json"));
  REQUIRE(cases.size() == 8);
  for (const auto& c : cases) {
    const auto shape = c["shape"].get<std::vector<std::int64_t>>();
    const Tensor p = tensor(c["predictions"].get<std::vector<double>>(), Shape(shape));
    const bool is_regression = c["kind"] == "regression";
    const Tensor t = is_regression ? tensor(c["targets"].get<std::vector<double>>(), Shape(shape))
                                   : tensor(c["targets"].get<std::vector<std::int64_t>>());
    const std::int64_t n = shape[0], cut = n / 3;
    std::vector<AnyMeasure> whole = measures_of(c["kind"]), first = whole, second = whole, loaded = whole;

    update(whole, p, t, 0, n), update(first, p, t, 0, cut), update(second, p, t, cut, n);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      check_value(*whole[i], c["values"]);
      load_state_dict(*loaded[i], state_dict(*second[i]));
      loaded[i]->merge(*first[i]);
      check_value(*loaded[i], c["values"]);
      AnyMeasure empty = whole[i];
      empty->reset();
      first[i]->merge(*empty);
      first[i]->merge(*second[i]);
      check_value(*first[i], c["values"]);
    }
  }
}

TEST_CASE("a copy of a measure is independent") {
  AnyMeasure accuracy = Accuracy();
  accuracy->update(tensor({0.9, 0.1}), tensor({1, 1}));
  const AnyMeasure copy = accuracy;

  accuracy->update(tensor({0.9, 0.9}), tensor({1, 1}));

  CHECK(copy->value() == 0.5);
  CHECK(accuracy->value() == 0.75);
}

TEST_CASE("a class of logits, of probabilities and of one column is told by the threshold") {
  Accuracy probabilities, logits({.threshold = 0});
  const Tensor target = tensor({{1.0}, {0.0}});

  probabilities.update(tensor({{0.6}, {0.4}}), target);
  logits.update(tensor({{0.2}, {-0.2}}), target);

  CHECK(probabilities.value() == 1);
  CHECK(logits.value() == 1);
  probabilities.update(tensor({{0.2}, {0.2}}), tensor({1, 0}));
  CHECK(probabilities.value() == 0.75);
}

TEST_CASE("the calibration error weights each bin's distance by its rows") {
  // Bins of two: (0, 1/2] and (1/2, 1]. Confidences 0.9 right, 0.8 wrong, 0.6 right: |2 - 2.3| / 3.
  CalibrationError measured({.bins = 2, .from_logits = false}), of_logits({.bins = 2});

  measured.update(tensor({{0.9, 0.1}, {0.2, 0.8}, {0.6, 0.4}}), tensor({0, 0, 0}));
  CHECK(std::abs(measured.value() - 0.3 / 3) < 1e-7);

  const double confidence = 1 / (1 + std::exp(-2.0));
  of_logits.update(tensor({2.0, -2.0}), tensor({1, 1}));
  CHECK(std::abs(of_logits.value() - std::abs(1 - 2 * confidence) / 2) < 1e-7);
  CalibrationError of_rows({.bins = 2});
  of_rows.update(tensor({{0.0, 2.0}, {2.0, 0.0}}), tensor({1, 1}));
  CHECK(std::abs(of_rows.value() - of_logits.value()) < 1e-7);
}

TEST_CASE("the curves go from no row to all rows") {
  RocAuc roc;
  AveragePrecision precision;
  const Tensor scores = tensor({0.1, 0.4, 0.35, 0.8}),
               labels = tensor({0, 0, 1, 1});  // scikit-learn's example
  roc.update(scores, labels), precision.update(scores, labels);

  const auto curve = roc.curve();
  REQUIRE(curve.size() == 5);
  CHECK(curve[0].true_positive_rate == 0);
  CHECK(curve[1].true_positive_rate == 0.5);
  CHECK(curve[2].false_positive_rate == 0.5);
  CHECK(curve[4].false_positive_rate == 1);
  CHECK(roc.value() == 0.75);
  CHECK(std::abs(precision.value() - 0.8333333333333333) < 1e-15);
  CHECK(precision.curve().back().recall == 1);
}

TEST_CASE("a column of equal targets has an r2 of 1 where all is right, else of 0") {
  RSquared right, wrong;
  right.update(tensor({2.0, 2.0}), tensor({2.0, 2.0}));
  wrong.update(tensor({2.0, 3.0}), tensor({2.0, 2.0}));

  CHECK(right.value() == 1);
  CHECK(wrong.value() == 0);
}

TEST_CASE("rows of the label to ignore are not in the perplexity") {
  Perplexity perplexity({.ignore_index = 9});

  perplexity.update(tensor({{0.0, 0.0}, {5.0, 0.0}}), tensor({1, 9}));

  CHECK(std::abs(perplexity.value() - 2) < 1e-15);
}

TEST_CASE("a measure of no rows is an error, and so is one of one class") {
  for (const char* kind : {"classes", "binary", "regression"})
    for (AnyMeasure& measure : measures_of(kind)) {
      CHECK(error_of([&] { (void)measure->value(); }) ==
            measure->name() + ": there is no row to measure; update it with at least one row before value()");
    }
  CHECK(error_of([] { (void)CalibrationError().value(); }).starts_with("calibration_error: there is no row"));
  CHECK(error_of([] { (void)ConfusionMatrix().counts(); }).starts_with("confusion: there is no row"));
  RocAuc auc;
  auc.update(tensor({0.1, 0.2}), tensor({1, 1}));
  CHECK(error_of([&] { (void)auc.value(); }) == "auc: it needs rows of both classes: all 2 targets are 1");
  AveragePrecision precision;
  precision.update(tensor({0.1}), tensor({0}));
  CHECK(error_of([&] { (void)precision.value(); }) ==
        "average_precision: it needs rows of both classes: all 1 targets are 0");
}

TEST_CASE("what a measure does not know is an error, and it takes in nothing") {
  const Tensor logits = tensor({{1.0, 2.0, 3.0}, {3.0, 2.0, 1.0}});
  Accuracy accuracy;

  CHECK(error_of([&] {
          accuracy.update(logits, tensor({2, 3}));
        }) ==
        "accuracy: a label must be one of 0 to 2: that in row 1 is 3.000000; prediction is f32[2, 3], target "
        "is i64[2]");
  CHECK(error_of([&] {
          accuracy.update(logits, tensor({2, 1, 0}));
        }).starts_with("accuracy: the prediction must be [rows, classes] for int64 targets [rows]"));
  CHECK(error_of([&] {
          accuracy.update(tensor({0.5}), tensor({0.5}));
        }).starts_with("accuracy: a label must be"));
  CHECK(error_of([&] { (void)accuracy.value(); }).starts_with("accuracy: there is no row"));
  CHECK(error_of([&] {
          TopKAccuracy().update(tensor({0.5}), tensor({1}));
        }).starts_with("top5: the prediction must be [rows, classes]"));
  CHECK(error_of([] { TopKAccuracy(0); }) == "TopKAccuracy: k must be at least 1: it is 0");
  CHECK(error_of([] { CalibrationError({.bins = 0}); }) ==
        "CalibrationError: bins must be at least 1: it is 0");
  CHECK(error_of([&] {
          CalibrationError({.from_logits = false}).update(logits, tensor({2, 0}));
        }).starts_with("calibration_error: a probability must be in [0, 1]: it is 3"));
  CHECK(error_of([&] {
          RocAuc().update(logits, tensor({1, 0}));
        }).starts_with("auc: there must be two classes"));
  CHECK(error_of([&] {
          RocAuc().update(tensor({std::nan("")}), tensor({1}));
        }).starts_with("auc: a score must be a number: element 0 of f32[1] is nan"));
  CHECK(error_of([&] { MeanAbsoluteError().update(tensor({{1.0}}), tensor({1.0})); }) ==
        "mae: prediction and target must have one shape: prediction is f32[1, 1], target is f32[1]");
  CHECK(error_of([&] {
          Perplexity().update(logits, tensor({0, 3}));
        }).starts_with("perplexity: a label must be one of 0 to 2: that in row 1 is 3"));
  CHECK(error_of([&] {
          Perplexity().update(logits, tensor({0.0, 1.0}));
        }).starts_with("perplexity: the prediction must be logits"));
  Precision binary({.average = Average::binary});
  binary.update(logits, tensor({0, 1}));
  CHECK(error_of([&] { (void)binary.value(); }) ==
        "precision: Average::binary needs two classes: there are 3; use macro or micro");
  CHECK(error_of([&] { accuracy.merge(binary); }).starts_with("accuracy: only a measure of the same kind"));
  CHECK(error_of([&] {
          Precision().merge(Precision({.average = Average::micro}));
        }).starts_with("precision: only a measure of the same kind"));
  CHECK(error_of([&] {
          CalibrationError().merge(CalibrationError({.bins = 3}));
        }).starts_with("calibration_error: only a measure of the same kind"));
  RSquared r2;
  r2.update(ones({2, 2}), ones({2, 2}));
  CHECK(error_of([&] {
          r2.update(ones({2, 3}), ones({2, 3}));
        }).starts_with("r2: all batches must have as many"));
  CHECK(error_of([&] {
          r2.update(ones({2, 3, 1}), ones({2, 3, 1}));
        }).starts_with("r2: the target must be [rows]"));
}

TEST_CASE("a function is a measure: the mean over all rows") {
  AnyMeasure bias("bias", [](const Tensor& p, const Tensor& t) { return (p - t).mean().item(); });
  AnyMeasure other = bias;

  bias->update(tensor({1.0, 2.0, 3.0}), tensor({0.0, 0.0, 0.0}));
  other->update(tensor({6.0}), tensor({0.0}));
  bias->merge(*other);

  CHECK(bias->name() == "bias");
  CHECK(bias->value() == 3);
}

TEST_CASE("fit measures the training data, and the validation data under names of their own") {
  const data::TensorDataset set = xgrad::test::three_classes(20, 1);
  nn::Sequential net = xgrad::test::small_net(2);
  optim::SGD sgd(net, {.lr = 0});

  const History history =
      fit(net, nn::cross_entropy, sgd, set,
          {.batch_size = 6, .validation = set, .measures = {Accuracy()}, .show = xgrad::test::silent});

  const double expected = (argmax(net(set.features()), 1) == set.targets()).to(float64).mean().item();
  CHECK(history.names() == std::vector<std::string>{"loss", "accuracy", "val_loss", "val_accuracy"});
  CHECK(history["accuracy"][0] == expected);
  CHECK(history["val_accuracy"][0] == expected);
  CHECK(evaluate(net, nn::cross_entropy, set, {.measures = {Accuracy()}})["accuracy"] == expected);
}
