// One class in thirty: a classifier that finds eights among digits, where few of those it learns from are
// eights. Weights of the classes find more of them, with many false alarms; a threshold tuned on held-out
// data balances the two.

#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int splits = 10;
  int epochs = 100;
  int rare = 8;  // the digit
  double lr = 0.01;
};

/// How well the rare class is told, means over the splits.
struct Quality {
  const char* name;
  double recall = 0, precision = 0, f1 = 0, balanced = 0;
};

/// Digits with the class 1 where it is the rare one, of which two in three are left out.
data::TensorDataset rare_digits(int rare) {
  const data::TensorDataset all = data::digits();
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < all.size(); ++i)
    if (all.targets().at<std::int64_t>({i}) != rare || i % 3 == 0) kept.push_back(i);
  const data::TensorDataset set = all.index_select(tensor(kept));
  return {set.features(), (set.targets() == rare).to(int64)};
}

/// A linear classifier's logits of the rare class.
struct Classifier {
  nn::Linear linear{64, 1};

  void train(const data::TensorDataset& set, double weight_of_rare, const Options& options) {
    optim::Adam adam(linear, {.lr = options.lr});
    const auto loss = [&](const Tensor& logits, const Tensor& y) {
      return nn::binary_cross_entropy_with_logits(logits.squeeze(1), y.to(float32),
                                                  {.pos_weight = full({1}, weight_of_rare)});
    };
    train::fit(linear, loss, adam, set, {.epochs = options.epochs, .show = train::Show::nothing});
  }
  Tensor scores(const data::TensorDataset& set) { return train::predict(linear, set.features()).squeeze(1); }
};

void add(Quality& to, const Tensor& scores, const Tensor& targets, double threshold, double share) {
  const auto value = [&](auto measure) {
    measure.update(scores, targets);
    return share * measure.value();
  };
  const train::PrecisionOptions of_rare{.average = train::Average::binary, .threshold = threshold};
  to.recall += value(train::Recall(of_rare)), to.precision += value(train::Precision(of_rare));
  to.f1 += value(train::F1(of_rare));
  to.balanced += value(train::Recall({.average = train::Average::macro, .threshold = threshold}));
}

bool compare(const Options& options) {
  const data::TensorDataset set = rare_digits(options.rare);
  const double share = 1.0 / options.splits;
  Quality plain{"as they are"}, weighted{"class weights"}, tuned{"and a threshold"};
  {
    example::Progress progress("splits", options.splits);
    for (int split = 0; split < options.splits; ++split, progress.advance()) {
      const auto [train_set, rest] = data::split(set, 0.5, {.stratify = true});
      const auto [validation, test] = data::split(rest, 0.5, {.stratify = true});

      Classifier first, second;
      first.train(train_set, 1, options);
      const Tensor weights = train::class_weights(train_set.targets());
      second.train(train_set, weights.at({1}) / weights.at({0}), options);
      const double threshold =
          train::tune_threshold(second.scores(validation), validation.targets()).threshold;

      add(plain, first.scores(test), test.targets(), 0, share);
      add(weighted, second.scores(test), test.targets(), 0, share);
      add(tuned, second.scores(test), test.targets(), threshold, share);
    }
  }
  std::printf("%.1f %% of the digits are eights\n", 100 * set.targets().to(float32).mean().item());
  std::printf("                 found  right of those  F1     balanced accuracy\n");
  for (const Quality& q : {plain, weighted, tuned})
    std::printf("%-15s  %.3f  %.3f           %.3f  %.3f\n", q.name, q.recall, q.precision, q.f1, q.balanced);
  return example::check(weighted.balanced > plain.balanced, "a better balanced accuracy by class weights") &&
         example::check(tuned.f1 > weighted.f1, "a better F1 by a tuned threshold");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Finds a digit that is rare, by class weights and by a tuned threshold.");
  program.option("--splits", options.splits, "Random divisions of the digits, of which the mean is shown");
  program.option("--epochs", options.epochs, "Passes over the training data");
  program.option("--rare", options.rare, "The digit that is rare");
  program.option("--lr", options.lr, "Learning rate of Adam");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
