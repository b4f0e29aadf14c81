// Gradients of each example of a model, beside a loop over them.

#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;

namespace {

using Tensors = std::vector<Tensor>;

template <class F>
Tensors in_a_loop(F losses, const nn::ModuleBase& model, const Tensors& batch) {
  const Tensors parameters = model.trainable_parameters();
  std::vector<Tensors> rows(parameters.size());
  for (std::int64_t i = 0; i < batch[0].size(0); ++i) {
    const Tensors g = grad(sum(losses(narrow(batch[0], 0, i, 1), narrow(batch[1], 0, i, 1))), parameters);
    for (std::size_t k = 0; k < g.size(); ++k) rows[k].push_back(g[k]);
  }
  Tensors out;
  for (const Tensors& of : rows) out.push_back(stack(of));
  return out;
}

Tensor loss(const Tensor& y, const Tensor& t) { return cross_entropy(y, t, {.reduction = Reduction::none}); }

template <class F>
void check(const char* what, F losses, const nn::ModuleBase& model, const Tensors& batch) {
  INFO(what);
  const Tensors expected = in_a_loop(losses, model, batch),
                g = nn::gradients_per_example(losses, model, batch);
  REQUIRE(g.size() == expected.size());
  for (std::size_t k = 0; k < g.size(); ++k) CHECK(allclose(g[k], expected[k], 1e-12, 1e-12));
}

struct Tagger : nn::ModuleBase {
  nn::Embedding words{11, 4};
  nn::LSTM lstm{4, 5, {.num_layers = 2, .batch_first = true, .bidirectional = true}};
  nn::Linear out{10, 3};

  Tensor operator()(const Tensor& x) const { return out(select(lstm(words(x)).outputs, 1, -1)); }
  void visit(nn::Visitor& v) override { v("words", words), v("lstm", lstm), v("out", out); }
};

}  // namespace

TEST_CASE("gradients of each example of a network, of images and of sequences are those of a loop") {
  manual_seed(5);
  const Tensor labels = tensor({0, 2, 1, 2});
  nn::Sequential mlp(nn::Linear(6, 8), nn::Tanh(), nn::LayerNorm(8), nn::Linear(8, 3));
  nn::Sequential cnn(nn::Conv2d(2, 4, 3, {.padding = 1}), nn::GroupNorm(2, 4), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Conv2d(4, 6, 2, {.groups = 2}), nn::BatchNorm2d(6), nn::GELU(), nn::Flatten(),
                     nn::Linear(24, 3));
  Tagger tagger;
  for (nn::ModuleBase* model : std::initializer_list<nn::ModuleBase*>{&mlp, &cnn, &tagger})
    model->to(float64), model->eval();

  check("network", [&](const Tensor& x, const Tensor& t) { return loss(mlp(x), t); }, mlp,
        {randn({4, 6}, float64), labels});
  check("images", [&](const Tensor& x, const Tensor& t) { return loss(cnn(x), t); }, cnn,
        {randn({4, 2, 6, 6}, float64), labels});
  check("sequences", [&](const Tensor& x, const Tensor& t) { return loss(tagger(x), t); }, tagger,
        {randint(0, 11, {4, 7}), labels});
  CHECK(nn::gradients_per_example(loss, mlp, randn({4, 6}, float64), labels)[0].shape() == Shape{4, 8, 6});
}

TEST_CASE("batch normalization in training has no gradients of each example") {
  nn::Sequential model(nn::Linear(3, 4), nn::BatchNorm1d(4));

  CHECK_THROWS_WITH_AS(
      nn::gradients_per_example([](const Tensor& y, const Tensor& t) { return sum(square(y - t), {1}); },
                                model, randn({5, 3}), randn({5, 4})),
      doctest::Contains("gradients_per_example: the function writes into a tensor by batch_norm, as batch "
                        "normalization does in training: it is f32[4]; call eval()"),
      Error);
}
