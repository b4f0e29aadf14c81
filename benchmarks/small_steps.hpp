#pragma once

#include <memory>
#include <vector>
#include <xgrad/xgrad.hpp>

// The tape's side of the small works, each a step to repeat: timed by small_ops, counted by
// instructions/steps.

namespace bench {

/// mul, add and tanh in turn, `length` ops in all, with the gradients of all three operands.
struct ChainStep {
  xgrad::Tensor x, w, b;
  int length;

  double operator()() const {
    xgrad::Tensor y = x;
    for (int i = 0; i < length; i += 3) y = tanh(y * w + b);
    for (xgrad::Tensor t : {x, w, b}) t.zero_grad();
    const xgrad::Tensor loss = sum(y);
    loss.backward();
    return loss.item();
  }
};

/// A step of SGD on a 2-4-1 sigmoid MLP, with the mean squared error.
struct MlpStep {
  xgrad::Tensor x, t, w1, b1, w2, b2;
  std::shared_ptr<xgrad::optim::SGD> sgd;

  MlpStep(xgrad::Tensor inputs, xgrad::Tensor targets, std::vector<xgrad::Tensor> p, double lr)
      : x(std::move(inputs)),
        t(std::move(targets)),
        w1(p[0]),
        b1(p[1]),
        w2(p[2]),
        b2(p[3]),
        sgd(std::make_shared<xgrad::optim::SGD>(p, xgrad::optim::SgdOptions{.lr = lr})) {}

  double operator()() const {
    const xgrad::Tensor loss = mse_loss(
        linear(linear(x, w1, b1, xgrad::Activation::sigmoid), w2, b2, xgrad::Activation::sigmoid), t);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    return loss.item();
  }
};

}  // namespace bench
