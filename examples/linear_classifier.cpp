// Two layers of sigmoid units learn which of two groups a point in the plane belongs to.

#include <cstdio>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 500;
  int hidden = 4;
  double lr = 0.05;
};

struct Classifier : nn::Module {
  nn::Linear hidden;
  nn::Linear out;

  explicit Classifier(int units) : hidden(2, units), out(units, 1) {}
  Tensor forward(const Tensor& x) const override { return sigmoid(out(sigmoid(hidden(x)))); }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

bool train(const Options& options) {
  const Tensor x = tensor({{1.0, 2.0}, {2.0, 1.0}, {4.0, 5.0}, {5.0, 4.0}});
  const Tensor y = tensor({{0.0}, {0.0}, {1.0}, {1.0}});

  const Classifier model(options.hidden);
  optim::Adam adam(model.parameters(), {.lr = options.lr});
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const Tensor loss = nn::mse_loss(model(x), y);
    adam.zero_grad();
    loss.backward();
    adam.step();
    if (epoch % 100 == 0) std::printf("epoch %4d  loss %.6f\n", epoch, loss.item());
  }

  const NoGrad guard;
  const Tensor answer = model(x);
  for (int i = 0; i < 4; ++i)
    std::printf("(%g, %g) is in group 1 with probability %.3f\n", x.at({i, 0}), x.at({i, 1}),
                answer.at({i, 0}));
  const double unseen = model(tensor({{5.0, 6.0}})).item();
  std::printf("(5, 6), which it has not seen: %.3f\n", unseen);

  const bool all_right = all((answer > 0.5) == (y > 0.5)).item<bool>();
  return example::check(all_right, "all four points right") &&
         example::check(unseen > 0.5, "(5, 6) in group 1");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Separates two groups of points in the plane.");
  program.option("--epochs", options.epochs, "Steps, each on all four points");
  program.option("--hidden", options.hidden, "Units of the hidden layer");
  program.option("--lr", options.lr, "Learning rate of Adam");
  return program.run(argc, argv, [&] { return train(options); });
}
