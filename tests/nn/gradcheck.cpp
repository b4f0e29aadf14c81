
#include <doctest/doctest.h>

#include <xgrad/core.hpp>
#include <xgrad/nn.hpp>

using namespace xgrad;

namespace {

/// Two layers, of which the second has a gradient that is wrong on request.
struct Net : nn::Module {
  nn::Linear hidden{3, 4};
  nn::Linear out{4, 2};
  bool broken = false;

  Tensor forward(const Tensor& x) const override {
    const Tensor h = tanh(hidden(x));
    return broken ? linear(h, out.weight.detach(), out.bias) : out(h);
  }
  void visit(nn::Visitor& v) override { v("hidden", hidden), v("out", out); }
};

struct Batch {
  Tensor x, y;
};

Tensor inputs() { return randn({5, 3}, {}, Generator(1)); }
Tensor labels() { return tensor({0, 1, 1, 0, 1}); }

}  // namespace

TEST_CASE("a model is checked by all its parameters, which the report names") {
  manual_seed(1);
  const Net net;

  const GradcheckResult r = gradcheck(net, cross_entropy, {inputs(), labels()});

  CHECK(r.ok());
  CHECK(r.right == 12 + 4 + 8 + 2);
  CHECK(r.inputs == std::vector<std::string>{"hidden.weight: f64[4, 3]", "hidden.bias: f64[4]",
                                             "out.weight: f64[2, 4]", "out.bias: f64[2]"});
  CHECK(r.reproduce == "gradcheck(model, loss, batch, {.seed = 1})");
}

TEST_CASE("a batch is anything that comes apart into two tensors, a loss anything callable") {
  manual_seed(1);
  const Net net;
  const Batch batch{inputs(), labels()};

  CHECK(gradcheck(net, cross_entropy, batch).ok());
  CHECK(gradcheck(
            net, [](const Tensor& p, const Tensor& y) { return cross_entropy(p, y) * 2; }, batch)
            .ok());
  CHECK(gradcheck(net, mse_loss, {inputs(), zeros({5, 2})}, {.order = 2}).ok());
}

TEST_CASE("the input of a model is checked too where it requires a gradient") {
  manual_seed(1);
  const Net net;

  const GradcheckResult r = gradcheck(net, cross_entropy, {inputs().requires_grad_(), labels()});

  CHECK(r.ok());
  CHECK(r.inputs.back() == "x: f64[5, 3]");
}

TEST_CASE("a dropped path in a model is found at the parameter that lost it") {
  manual_seed(1);
  Net net;
  net.broken = true;

  const GradcheckResult r = gradcheck(net, cross_entropy, {inputs(), labels()});

  CHECK(r.failed(GradProperty::value));
  CHECK(r.wrong == 8);
  CHECK(r.cause.rfind("out.weight: dropped path", 0) == 0);
}

TEST_CASE("gradcheck leaves the model alone") {
  manual_seed(1);
  const Net net;
  const auto before = net.hidden.weight.to_vector<float>();

  gradcheck(net, cross_entropy, {inputs(), labels()});

  CHECK(net.hidden.weight.dtype() == float32);
  CHECK(net.hidden.weight.to_vector<float>() == before);
  CHECK_FALSE(net.hidden.weight.grad().defined());
}

TEST_CASE("dropout in training is reported as not repeatable, and passes in eval") {
  manual_seed(1);
  nn::Sequential net(nn::Linear(3, 4), nn::Dropout(0.5), nn::Linear(4, 2));

  CHECK(gradcheck(net, cross_entropy, {inputs(), labels()}).failed(GradProperty::repeatability));
  net.eval();
  CHECK(gradcheck(net, cross_entropy, {inputs(), labels()}).ok());
}
