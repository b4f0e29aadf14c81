#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/optim.hpp"

// Containers, choices by name, modes and the summary.

using namespace xgrad;

namespace {

std::vector<std::string> names_of(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& t : tensors) names.push_back(t.name);
  return names;
}
using Names = std::vector<std::string>;

struct Heads : nn::Module {
  nn::ModuleDict heads;
  nn::ModuleList blocks{nn::Linear(3, 3), nn::ReLU()};
  nn::ParameterList scales{ones({3}), full({3}, 2.0)};

  Heads() {
    heads.insert("digit", nn::Linear(3, 2)), heads.insert("sign", nn::Linear(3, 1, {.bias = false}));
  }

  Tensor forward(const Tensor& x) const override {
    Tensor y = x;
    for (const auto& block : blocks) y = block(y);
    for (const Tensor& scale : scales) y = y * scale;
    return cat({heads["digit"](y), heads["sign"](y)}, 1);
  }
  void visit(nn::Visitor& v) override { v("heads", heads), v("blocks", blocks), v("scales", scales); }
};

}  // namespace

TEST_CASE("lists and dictionaries of modules name, train and clone what is in them") {
  Heads model;
  CHECK(names_of(model.named_parameters()) == Names{"heads.digit.weight", "heads.digit.bias",
                                                    "heads.sign.weight", "blocks.0.weight", "blocks.0.bias",
                                                    "scales.0", "scales.1"});
  CHECK(model(ones({4, 3})).shape() == Shape{4, 3});
  CHECK(gradcheck(model, {rand({2, 3}) + 1}, {.order = 2}));

  const Heads copy = nn::clone(model);
  const auto before = copy(ones({1, 3})).to_vector<float>();
  const NoGrad guard;
  for (Tensor& p : model.parameters()) p.fill_(0);
  CHECK(copy(ones({1, 3})).to_vector<float>() == before);
}

TEST_CASE("containers refuse what they do not have") {
  Heads model;
  CHECK_THROWS_WITH_AS(model.heads["digits"],
                       "ModuleDict: there is no module 'digits': it has 'digit', 'sign'; insert it first",
                       Error);
  CHECK_THROWS_WITH_AS(model.blocks[2], "ModuleList: there is no module 2: it has 2; count from 0", Error);
  CHECK_THROWS_AS(model.scales[2], Error);
  CHECK_THROWS_AS(model.heads.insert("a.b", nn::ReLU()), Error);
  CHECK_THROWS_AS(model.heads.insert("", nn::ReLU()), Error);
  CHECK_THROWS_AS(model.heads.insert("sign", nn::ReLU()), Error);
  CHECK_THROWS_AS(model.scales.push_back(Tensor()), Error);
  CHECK_THROWS_AS(model.scales.push_back(tensor({1, 2})), Error);
  CHECK_THROWS_AS(model.scales.push_back(model.scales[0] * 2), Error);
  CHECK(model.heads.size() == 2);
  CHECK(model.scales.size() == 2);
}

TEST_CASE("parameters are chosen by patterns of their names, each once") {
  Heads model;
  CHECK(names_of(nn::matching(model, "*.bias")) == Names{"heads.digit.bias", "blocks.0.bias"});
  CHECK(names_of(nn::others(model, {"*.bias", "scales.*"})) ==
        Names{"heads.digit.weight", "heads.sign.weight", "blocks.0.weight"});
  CHECK(names_of(nn::matching(model, "scales.[1]")) == Names{"scales.1"});
  CHECK_THROWS_WITH_AS(
      nn::matching(model, "*.bais"),
      "matching: no parameter fits the pattern '*.bais': there are heads.digit.weight, "
      "heads.digit.bias, heads.sign.weight, blocks.0.weight, blocks.0.bias, scales.0, scales.1; "
      "correct the pattern",
      Error);
}

TEST_CASE("what is frozen by a pattern is neither counted as learning nor given to an optimizer") {
  Heads model;
  CHECK(nn::parameter_count(model) == 6 + 2 + 3 + 9 + 3 + 6);
  CHECK(nn::freeze(model, "heads.*") == 3);
  CHECK(nn::parameter_count(model) == 9 + 3 + 6);
  CHECK(nn::parameter_count(model, true) == 29);
  CHECK(names_of(nn::matching(model, "*weight")) == Names{"blocks.0.weight"});
  CHECK_THROWS_AS(nn::freeze(model, "encoder.*"), Error);
  CHECK(nn::unfreeze(model, "heads.sign*") == 1);
  CHECK(nn::parameter_count(model) == 21);
}

TEST_CASE("groups of an optimizer in two lines: no decay for biases and norms") {
  nn::Sequential model{nn::Linear(3, 4), nn::LayerNorm(4), nn::Linear(4, 2)};
  const Names plain = {"*.bias", "1.*"};
  optim::Adam adam(nn::others(model, plain), {.weight_decay = 0.1});
  adam.add_group(nn::matching(model, plain), {.weight_decay = 0});
  CHECK(adam.group_count() == 2);
  CHECK(adam.parameters().size() == 6);
}

TEST_CASE("a mode holds until the end of its scope, and each module gets back its own") {
  nn::Sequential model{nn::Dropout(0.5), nn::Sequential{nn::Dropout(0.5)}};
  model[1].eval();
  {
    const nn::ModeGuard eval(model);
    CHECK_FALSE(model.is_training());
    CHECK_FALSE(model[0].is_training());
  }
  CHECK(model.is_training());
  CHECK(model[0].is_training());
  CHECK_FALSE(model[1].is_training());
  {
    const nn::ModeGuard training(model, true);
    CHECK(model[1].is_training());
  }
  CHECK_FALSE(model[1].is_training());
}

TEST_CASE("the summary tells shapes, parameters and multiply-adds of each layer") {
  nn::Sequential model{nn::Conv2d(1, 6, 5), nn::ReLU(),          nn::MaxPool2d(2),
                       nn::Flatten(),       nn::Linear(864, 10), nn::BatchNorm1d(10)};
  const nn::Summary summary = nn::summary(model, {2, 1, 28, 28});

  REQUIRE(summary.rows.size() == 7);
  CHECK(summary.rows[0].type == "Sequential");
  CHECK(summary.rows[1].path == "0");
  CHECK(summary.rows[1].output == Shape{2, 6, 24, 24});
  CHECK(summary.rows[1].parameters == 6 * 25 + 6);
  CHECK(summary.rows[1].multiply_adds == 2 * 6 * 24 * 24 * 25);
  CHECK(summary.rows[4].output == Shape{2, 864});
  CHECK(summary.rows[5].multiply_adds == 2 * 864 * 10);
  CHECK(summary.multiply_adds == summary.rows[1].multiply_adds + summary.rows[5].multiply_adds);
  CHECK(summary.rows[0].multiply_adds == summary.multiply_adds);
  CHECK(summary.parameters == nn::parameter_count(model));
  CHECK(summary.parameter_bytes == 4 * summary.parameters);
  CHECK(summary.buffer_bytes == 4 * 20 + 8);
  CHECK(model.is_training());
  CHECK(model.at<nn::BatchNorm1d>(5).num_batches_tracked.item<std::int64_t>() == 0);
  const std::string text = summary.str();
  CHECK(text.find("  (0): Conv2d") != std::string::npos);
  CHECK(text.find("[2, 6, 24, 24]") != std::string::npos);
  CHECK(text.find("Multiply-adds: 190,080\n") != std::string::npos);
}

TEST_CASE("the summary of a call counts how often a shared layer is called") {
  struct Twice : nn::ModuleBase {
    nn::Linear layer{3, 3};
    void visit(nn::Visitor& v) override { v("layer", layer); }
  } model;
  const nn::Summary summary = nn::summary(model, [&] { model.layer(model.layer(ones({2, 3}))); });
  CHECK(summary.rows[1].calls == 2);
  CHECK(summary.rows[1].multiply_adds == 2 * 2 * 9);
  CHECK_FALSE(summary.rows[0].output);
  CHECK_THROWS_AS(nn::summary(model, [&] { model.layer(ones({2, 4})); }), Error);
  CHECK(model.layer(ones({2, 3})).requires_grad());  // nobody listens any more, and recording is on again
}

TEST_CASE("losses as modules are their functions with options, and carry their weights as buffers") {
  const Tensor x = randn({4, 3}), labels = tensor({0, 2, 1, 2});
  nn::CrossEntropyLoss loss({.weight = tensor({1.0, 2.0, 0.5}), .label_smoothing = 0.1});
  CHECK(loss(x, labels).item() ==
        nn::cross_entropy(x, labels, {.weight = tensor({1.0, 2.0, 0.5}), .label_smoothing = 0.1}).item());
  CHECK(names_of(loss.named_buffers()) == Names{"weight"});
  loss.to(float64);
  CHECK(loss(x.to(float64), labels).dtype() == float64);

  const Tensor y = rand({4, 3}), sign = where(x > 0, ones({4, 3}), full({4, 3}, -1.0));
  CHECK(nn::MSELoss()(x, y).item() == nn::mse_loss(x, y).item());
  CHECK(nn::L1Loss({.reduction = Reduction::sum})(x, y).item() ==
        nn::l1_loss(x, y, {.reduction = Reduction::sum}).item());
  CHECK(nn::SmoothL1Loss()(x, y).item() == nn::smooth_l1_loss(x, y).item());
  CHECK(nn::HuberLoss({.delta = 0.3})(x, y).item() == nn::huber_loss(x, y, {.delta = 0.3}).item());
  CHECK(nn::BCELoss()(y, y).item() == nn::binary_cross_entropy(y, y).item());
  CHECK(nn::BCEWithLogitsLoss()(x, y).item() == nn::binary_cross_entropy_with_logits(x, y).item());
  CHECK(nn::NLLLoss()(x, labels).item() == nn::nll_loss(x, labels).item());
  CHECK(nn::MultiMarginLoss()(x, labels).item() == nn::multi_margin_loss(x, labels).item());
  CHECK(nn::KLDivLoss()(x, y).item() == nn::kl_div(x, y).item());
  CHECK(nn::PoissonNLLLoss()(x, y).item() == nn::poisson_nll_loss(x, y).item());
  CHECK(nn::GaussianNLLLoss()(x, y, ones({4, 3})).item() == nn::gaussian_nll_loss(x, y, ones({4, 3})).item());
  CHECK(nn::SoftMarginLoss()(x, sign).item() == nn::soft_margin_loss(x, sign).item());
  CHECK(nn::HingeEmbeddingLoss()(x, sign).item() == nn::hinge_embedding_loss(x, sign).item());
  CHECK(nn::MarginRankingLoss()(x, y, sign).item() == nn::margin_ranking_loss(x, y, sign).item());
  CHECK(nn::TripletMarginLoss()(x, y, x + y).item() == nn::triplet_margin_loss(x, y, x + y).item());
  CHECK(nn::CosineEmbeddingLoss()(x, y, ones({4})).item() ==
        nn::cosine_embedding_loss(x, y, ones({4})).item());
  const Tensor steps = log_softmax(randn({5, 2, 3}), -1), lengths = tensor({5, 4}), some = tensor({1, 2});
  CHECK(nn::CTCLoss()(steps, tensor({{1, 2}, {2, 1}}), lengths, some).item() ==
        nn::ctc_loss(steps, tensor({{1, 2}, {2, 1}}), lengths, some).item());
  CHECK_THROWS_AS(nn::MSELoss()(x, zeros({4})), Error);
}

TEST_CASE("batch-norm statistics made anew are the plain means over the batches") {
  nn::Sequential model{nn::BatchNorm1d(2, {.momentum = 0.3}), nn::Dropout(0.5)};
  model[1].eval();
  model(randn({8, 2}) + 100);
  const Tensor a = randn({6, 2}), b = randn({6, 2}) * 3;

  nn::update_batch_norm(model, [&] { model(a), model(b); });

  const nn::BatchNorm1d& norm = model.at<nn::BatchNorm1d>(0);
  CHECK(allclose(norm.running_mean, (mean(a, 0) + mean(b, 0)) / 2, 1e-5, 1e-6));
  CHECK(allclose(norm.running_var, (var(a, 0) + var(b, 0)) / 2, 1e-5, 1e-6));
  CHECK(norm.num_batches_tracked.item<std::int64_t>() == 2);
  CHECK(norm.momentum() == 0.3);
  CHECK_FALSE(model[1].is_training());
  CHECK_THROWS_AS(nn::update_batch_norm(model, [&] { model(ones({2, 3})); }), Error);
  CHECK(norm.momentum() == 0.3);
}
