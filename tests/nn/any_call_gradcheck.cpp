// gradcheck of modules that are not called with one tensor.

#include <doctest/doctest.h>

#include "nn/any_call.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {
using Names = std::vector<std::string>;
}

TEST_CASE("gradients of a module of any call are checked through a function of it") {
  Reader model;
  model.eval();
  const auto before = run(model).to_vector<float>();

  const GradcheckResult r =
      gradcheck(model, [](const Reader& m, const std::vector<Tensor>& x) { return m(x, mask()); }, tokens(),
                {.order = 2});

  CHECK(r.ok());
  CHECK(r.inputs.size() == 10);
  CHECK(r.inputs[0] == "cell.input.weight: f64[4, 3]");
  CHECK(r.inputs[4] == "gates.0.score.bias: f64[1]");
  CHECK(r.inputs[9] == "input 4: f64[3]");
  CHECK(r.reproduce == "gradcheck(model, f, inputs, {.order = 2, .seed = 1})");
  CHECK(run(model).to_vector<float>() == before);
}

TEST_CASE("both gradients of a cell that returns a pair are checked") {
  Cell cell(3, 4);
  cell.eval();

  const GradcheckResult r = gradcheck(cell,
                                      [](const Cell& m, const Tensor& x, const Tensor& h) {
                                        const auto [y, next] = m(x, h);
                                        return std::vector<Tensor>{y, next};
                                      },
                                      {randn({2, 3}), randn({2, 4})});

  CHECK(r.ok());
  CHECK(r.right == 12 + 4 + 16 + 6 + 8);
}

TEST_CASE("a gradient that a function of a module drops is found, and what it captures is a constant") {
  const Gate gate(3);
  const Tensor x = randn({5, 3}, float64, Generator(7));

  const GradcheckResult r = gradcheck(gate, [&](const Gate& m) {
    Gate cut = m;
    cut.score.weight = m.score.weight.detach();
    return cut(x, mask());
  });

  CHECK(r.failed(GradProperty::value));
  CHECK(r.inputs.size() == 2);
}

TEST_CASE("a module that is called with tensors is checked by its parameters and inputs") {
  Gate gate(3);
  const Tensor x = randn({5, 3}, {}, Generator(7));

  const GradcheckResult r = gradcheck(gate, {x, mask()});

  CHECK(r.ok());
  REQUIRE(r.inputs.size() == 3);
  CHECK(r.inputs[2] == "input 0: f64[5, 3]");
  CHECK(r.reproduce == "gradcheck(model, inputs, {.seed = 1})");
  CHECK(gate.score.weight.dtype() == float32);
  CHECK(gradcheck(Weighted(), {randn({2, 4}).requires_grad_(), randn({2, 4})}).inputs.size() == 2);
}

TEST_CASE("a module by its base is a function of its inputs") {
  const nn::Sequential net{nn::Linear(3, 2, {.dtype = float64})};

  CHECK(gradcheck(net[0], {randn({5, 3})}).inputs == Names{"input 0: f64[5, 3]"});
  CHECK(gradcheck(net, {randn({5, 3})}).inputs.size() == 3);
}

TEST_CASE("one that makes a tensor of a tensor is checked as a Module is") {
  struct Scale : nn::ModuleBase {
    Tensor operator()(const Tensor& x) const { return x * factor; }
    void visit(nn::Visitor& v) override { v("factor", factor); }
    Tensor factor = ones({3}, {.requires_grad = true});
  };

  CHECK(gradcheck(Scale(), mse_loss, {randn({5, 3}), randn({5, 3})}).ok());
}
