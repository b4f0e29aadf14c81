// Gradients step by step: what the example autograd of LibTorch shows. Backward, gradients of gradients as a
// penalty, and an op of one's own.

#include <cmath>
#include <cstdio>
#include <iostream>

#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

/// The gradient of a mean of squares, worked out by hand beside it.
bool basics() {
  const Tensor x = ones({2, 2}, {.requires_grad = true});
  const Tensor y = x + 2;
  const Tensor z = y * y * 3;
  const Tensor out = z.mean();
  out.backward();
  std::cout << "y was made by " << y.op_name() << ", out = " << out.item() << "\nd(out)/dx:\n"
            << x.grad() << "\n";
  return x.grad().to_vector<double>() == std::vector<double>(4, 4.5);  // 6 (x + 2) / 4
}

/// Doubles a vector until it is long, and pulls a cotangent back through as many steps as that took.
bool control_flow() {
  const Tensor x = randn({3}, {.requires_grad = true});
  Tensor y = x * 2;
  double factor = 2;
  while (norm(y).item() < 1000) y = y * 2, factor *= 2;
  const Tensor v = tensor({0.1, 1.0, 0.0001});
  y.backward(v);
  std::cout << "pulled back through a loop:\n" << x.grad() << "\n";
  return allclose(x.grad(), v * factor);
}

/// A loss with a penalty on the length of its own gradient.
bool gradient_penalty() {
  const nn::Linear model(4, 3);
  const Tensor input = randn({3, 4}, {.requires_grad = true});
  const Tensor loss = nn::mse_loss(model(input), randn({3, 3}));
  const Tensor slope = grad(loss, {input}, {.create_graph = true})[0];
  const Tensor penalty = square(norm(slope, 2, {1}) - 1).mean();
  (loss + penalty).backward();
  std::cout << "gradient of the loss with its penalty:\n" << input.grad() << "\n";
  return input.grad().defined() && model.weight.grad().defined();
}

/// x w^T with a derivative of one's own, checked like every op of the library.
bool own_op() {
  const auto product = custom_op(
      "my_product", [](NoState&, const Tensor& x, const Tensor& w) { return matmul(x, w.t()); },
      [](const CustomCall<NoState>& c, const Tensor& g) {
        return std::vector<Tensor>{matmul(g, c.x(1)), matmul(g.t(), c.x(0))};
      });
  const auto result = gradcheck(product, {randn({2, 3}, float64), randn({4, 3}, float64)}, {.order = 2});
  std::cout << result << "\n";
  return static_cast<bool>(result);
}

}  // namespace

int main(int argc, char** argv) {
  example::Program program("Shows gradients step by step.");
  return program.run(argc, argv, [&] {
    return example::check(basics(), "the gradient 4.5") &&
           example::check(control_flow(), "a gradient through a loop") &&
           example::check(gradient_penalty(), "a gradient of a gradient") &&
           example::check(own_op(), "an own op that is right");
  });
}
