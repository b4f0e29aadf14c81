#include <doctest/doctest.h>

#include <sstream>
#include <xgrad/core.hpp>
#include <xgrad/nn.hpp>

using namespace xgrad;

namespace {

struct Block : nn::ModuleBase {
  std::vector<nn::Linear> layers = {nn::Linear(2, 3), nn::Linear(3, 2, {.bias = false})};
  nn::Sequential tail{nn::Tanh{}, [](const Tensor& x) { return x; }, nn::Dropout(0.25)};
  std::optional<nn::Linear> none;
  Tensor scale = ones({2});

  void visit(nn::Visitor& v) override {
    v("layers", layers), v("tail", tail), v("none", none), v("scale", scale);
  }
  std::string extra_repr() const override { return "kind=\"plain\""; }
};

}  // namespace

TEST_CASE("a model is printed as the tree of its modules") {
  Block block;
  std::ostringstream out;
  out << block;

  CHECK(out.str() ==
        "Block(\n"
        "  kind=\"plain\"\n"
        "  (layers.0): Linear(in_features=2, out_features=3, bias=true)\n"
        "  (layers.1): Linear(in_features=3, out_features=2, bias=false)\n"
        "  (tail): Sequential(\n"
        "    (0): Tanh()\n"
        "    (1): Function()\n"
        "    (2): Dropout(p=0.25)\n"
        "  )\n"
        ")");
}

TEST_CASE("a module without members is one line, with its options") {
  CHECK(nn::Linear(64, 128).str() == "Linear(in_features=64, out_features=128, bias=true)");
  CHECK(nn::Sequential().str() == "Sequential()");
  CHECK(nn::LeakyReLU(0.2).str() == "LeakyReLU(negative_slope=0.2)");
  CHECK(nn::ELU().str() == "ELU(alpha=1)");
  CHECK(nn::Softplus(2).str() == "Softplus(beta=2)");
  CHECK(nn::Softmax().str() == "Softmax(axis=-1)");
  CHECK(nn::LogSoftmax(0).str() == "LogSoftmax(axis=0)");
  CHECK(nn::Flatten().str() == "Flatten(start=1, end=-1)");
  CHECK(nn::ReLU().str() == "ReLU()");
}

TEST_CASE("nn has the losses of the core") {
  const Tensor x = tensor({0.5, -1.0}), y = tensor({1.0, 1.0});
  CHECK(nn::huber_loss(x, y).item() == huber_loss(x, y).item());
  CHECK(nn::smooth_l1_loss(x, y).item() == smooth_l1_loss(x, y).item());
  CHECK(nn::kl_div(x, y, nn::KlDivOptions{}).item() == kl_div(x, y, {}).item());
}
