#include <doctest/doctest.h>

#include <cmath>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

using V = std::vector<double>;
using Labels = std::vector<std::int64_t>;

namespace {

/// The labels that a path of classes spells: without repetitions, then without blanks (0).
Labels spelt(const Labels& path) {
  Labels labels;
  for (std::size_t t = 0; t < path.size(); ++t)
    if (path[t] != 0 && (t == 0 || path[t] != path[t - 1])) labels.push_back(path[t]);
  return labels;
}

/// The probability of a sequence of labels: the sum over all paths that spell it.
double probability(const Tensor& log_probs, const Labels& labels) {
  const std::int64_t steps = log_probs.size(0), classes = log_probs.size(1);
  const V x = log_probs.to_vector<double>();
  std::int64_t paths = 1;
  for (std::int64_t t = 0; t < steps; ++t) paths *= classes;
  double total = 0;
  for (std::int64_t code = 0; code < paths; ++code) {
    Labels path;
    double p = 0;
    for (std::int64_t t = 0, rest = code; t < steps; ++t, rest /= classes) {
      path.push_back(rest % classes);
      p += x[static_cast<std::size_t>(t * classes + path.back())];
    }
    if (spelt(path) == labels) total += std::exp(p);
  }
  return total;
}

Tensor random_log_probs(const Shape& shape) {
  return log_softmax(randn(shape, {.dtype = float64}, Generator(5)), -1);
}

}  // namespace

TEST_CASE("ctc_loss is -log of the sum over all paths that spell the labels") {
  const Tensor x = random_log_probs({6, 3});

  for (const Labels& labels : {Labels{}, Labels{1}, Labels{1, 2}, Labels{2, 2}, Labels{1, 1, 2}}) {
    const auto n = static_cast<std::int64_t>(labels.size());

    const Tensor y =
        ctc_loss(x, tensor(labels, Shape{n}), tensor(6), tensor(n), {.reduction = Reduction::sum});

    CHECK(y.item() == doctest::Approx(-std::log(probability(x, labels))).epsilon(1e-13));
  }
}

TEST_CASE("the gradient of ctc_loss has a gradient") {
  const auto loss = [](const std::vector<Tensor>& x) {
    return std::vector<Tensor>{ctc_loss(log_softmax(x[0], 2), tensor({{1, 2, 1}, {3, 3, 0}}), tensor({6, 5}),
                                        tensor({3, 2}), {.reduction = Reduction::none})};
  };

  const GradcheckResult result =
      gradcheck(loss, {randn({6, 2, 4}, {.dtype = float64}, Generator(1))}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
}

TEST_CASE("the gradient of ctc_loss is the same to the bit when it is recorded") {
  const Tensor x = randn({6, 2, 4}, {.dtype = float64}, Generator(1)).requires_grad_();
  const Tensor targets = tensor({{1, 2}, {3, 3}}), steps = tensor({6, 5}), counts = tensor({2, 2});
  const auto slope = [&](bool create_graph) {
    const Tensor loss = ctc_loss(log_softmax(x, 2), targets, steps, counts, {.reduction = Reduction::sum});
    return grad(loss, {x}, {.create_graph = create_graph})[0].detach();
  };

  CHECK(equal(slope(true), slope(false)));
}

TEST_CASE("targets may be joined, and steps and labels beyond a length do not count") {
  const Tensor x = random_log_probs({6, 2, 4});
  const Tensor inputs = tensor({6, 4}), counts = tensor({3, 1});

  const Tensor padded =
      ctc_loss(x, tensor({{1, 2, 1}, {3, 1, 2}}), inputs, counts, {.reduction = Reduction::none});
  const Tensor joined = ctc_loss(x, tensor({1, 2, 1, 3}), inputs, counts, {.reduction = Reduction::none});
  const Tensor second = ctc_loss(select(x, 1, 1).slice(0, 0, 4), tensor({3}), tensor(4), tensor(1));

  CHECK(equal(padded, joined));
  CHECK(padded.at({1}) == doctest::Approx(second.item()).epsilon(1e-15));
}

TEST_CASE("the mean of ctc_loss is of the losses divided by the lengths of their targets") {
  const Tensor x = random_log_probs({6, 2, 4});
  const Tensor t = tensor({1, 2, 1, 3}), inputs = tensor({6, 6}), counts = tensor({3, 1});

  const V l = ctc_loss(x, t, inputs, counts, {.reduction = Reduction::none}).to_vector<double>();

  CHECK(ctc_loss(x, t, inputs, counts).item() == doctest::Approx((l[0] / 3 + l[1]) / 2).epsilon(1e-15));
}

TEST_CASE("an impossible sequence has a loss of inf, or with zero_infinity of 0 and no gradient") {
  const Tensor x = random_log_probs({2, 3}).requires_grad_();

  const Tensor y = ctc_loss(x, tensor({1, 1}), tensor(2), tensor(2));
  const Tensor zero = ctc_loss(x, tensor({1, 1}), tensor(2), tensor(2), {.zero_infinity = true});

  CHECK(std::isinf(y.item()));
  CHECK(zero.item() == 0);
  CHECK(grad(zero, {x})[0].to_vector<double>() == V(6, 0.0));
}

TEST_CASE("ctc_loss says which sequence is wrong") {
  const Tensor x = zeros({5, 2, 4});
  const std::string operands =
      ": log_probs is f32[5, 2, 4], targets is i64[2, 2], input_lengths is i64[2], target_lengths is i64[2]";
  const auto message = [&](const Tensor& targets, const Tensor& inputs, const Tensor& counts,
                           std::int64_t blank = 0) {
    return message_of([&] { ctc_loss(x, targets, inputs, counts, {.blank = blank}); });
  };
  const Tensor t = tensor({{1, 2}, {3, 1}}), two = tensor({2, 2}), five = tensor({5, 5});

  CHECK(message(t, tensor({5, 6}), two) ==
        "ctc_loss: the input length of sequence 1 is 6, but there are 5 steps" + operands +
            "; lengths must be 0 to 5");
  CHECK(message(t, five, tensor({3, 2})) ==
        "ctc_loss: the target length of sequence 0 is 3, but there are 2 labels for it" + operands +
            "; its length must be 0 to 2");
  CHECK(message(tensor({{1, 2}, {3, 4}}), five, two) ==
        "ctc_loss: label 1 of sequence 1 is 4, which is not one of the 4 classes other than blank 0" +
            operands + "; labels must be 0 to 3");
  CHECK(message(t, five, two, 4) == "ctc_loss: blank 4 must be one of the 4 classes" + operands);
  CHECK(message(t.to(float32), five, two).starts_with("ctc_loss: targets and lengths must be int64: "));
  CHECK(
      message(t, tensor({5}), two).starts_with("ctc_loss: there must be one length for each of the batch: "));
  CHECK(message_of([&] {
          ctc_loss(zeros({5}), t, five, two);
        }).starts_with("ctc_loss: log_probs needs the axes [steps, batch, classes] or [steps, classes]: "));
}
