// What is written: names, sizes, nodes; and what cannot be.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/normalization.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"
#include "xgrad/core/ops/unary.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/core/state.hpp"
#include "xgrad/nn.hpp"
#include "xgrad/onnx.hpp"

using namespace xgrad;

namespace {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

struct Net : nn::Module {
  nn::Conv2d conv{1, 2, 3};
  nn::BatchNorm2d norm{2};
  nn::Linear out{18, 3};

  Tensor forward(const Tensor& x) const override { return out(flatten(relu(norm(conv(x))), 1)); }
  void visit(nn::Visitor& v) override { v("conv", conv), v("norm", norm), v("out", out); }
};

std::vector<std::string> types_of(const onnx::Model& model) {
  std::vector<std::string> types;
  for (const auto& node : model.nodes())
    if (node.type != "Constant") types.push_back(node.type);
  return types;
}

}  // namespace

TEST_CASE("layers are one node each, with the names of the model's weights") {
  Net net;
  net.eval();

  const auto model = onnx::parse(onnx::to_bytes(net, {ones({2, 1, 5, 5})}));

  CHECK(types_of(model) == std::vector<std::string>{"Conv", "BatchNormalization", "Relu", "Reshape", "Gemm"});
  CHECK(model.nodes()[0].inputs == std::vector<std::string>{"input", "conv.weight", "conv.bias"});
  std::vector<std::string> names;
  for (const NamedTensor& w : model.named_parameters()) names.push_back(w.name);
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"conv.bias", "conv.weight", "norm.bias", "norm.weight", "out.bias",
                                          "out.weight"});
  CHECK(state_dict(model).contains("norm.running_mean"));
}

TEST_CASE("a layer along one axis, a recurrent one and a norm are a node of ONNX's own kind") {
  nn::Sequential signal(nn::Conv1d(2, 3, 3), nn::LayerNorm(4), nn::GELU());
  nn::LSTM lstm(3, 4, {.batch_first = true});

  const auto first = types_of(onnx::parse(onnx::to_bytes(signal, {ones({2, 2, 6})})));
  const auto second = types_of(
      onnx::parse(onnx::to_bytes([&](const Tensor& x) { return lstm(x).outputs; }, {ones({2, 5, 3})})));

  CHECK(std::ranges::count(first, "Conv") == 1);
  CHECK(std::ranges::count(first, "LayerNormalization") == 1);
  CHECK(std::ranges::count(first, "Erf") == 1);
  CHECK(std::ranges::count(second, "LSTM") == 1);
}

TEST_CASE("the axis of the batch is free and has a name, and others are fixed") {
  const auto f = [](const Tensor& x) { return sum(x, {2}); };

  const auto of_first = onnx::parse(onnx::to_bytes(f, {ones({2, 3, 4})}));
  const auto of_second = onnx::parse(onnx::to_bytes(f, {ones({2, 3, 4})}, {.batch_axes = {1}}));
  const auto fixed = onnx::parse(onnx::to_bytes(f, {ones({2, 3, 4})}, {.dynamic_batch = false}));

  using Sizes = std::vector<std::string>;
  CHECK(of_first.inputs()[0].sizes == Sizes{"'batch'", "3", "4"});
  CHECK(of_first.outputs()[0].sizes == Sizes{"'batch'", "3"});
  CHECK(of_second.inputs()[0].sizes == Sizes{"2", "'batch'", "4"});
  CHECK(fixed.inputs()[0].sizes == Sizes{"2", "3", "4"});
  CHECK(of_first(ones({7, 3, 4})).shape() == Shape{7, 3});
}

TEST_CASE("a part as long as the batch follows it") {
  const Tensor table = arange(20).to(float32).reshape({10, 2});
  const auto f = [&](const Tensor& x) { return x + table.slice(0, 0, x.size(0)); };

  const auto model = onnx::parse(onnx::to_bytes(f, {ones({3, 2})}));

  CHECK(model(zeros({5, 2})).to_vector<double>() == f(zeros({5, 2})).to_vector<double>());
}

TEST_CASE("a row that the batch lies in cannot be told from its place, and is an Error") {
  const auto f = [](const Tensor& x) { return index(x, {0}); };

  CHECK(message_of([&] {
          onnx::to_bytes(f, {ones({2, 3})}, {.batch_axes = {1}});
        }).find("hangs on its size") != std::string::npos);
}

TEST_CASE("a program is saved for its sizes, and with another one for any") {
  const auto f = [](const Tensor& x) { return reshape(x * 2, {x.size(0) * 3}); };
  const Program a = trace(f, {ones({2, 3})}), b = trace(f, {ones({5, 3})});

  const auto fixed = onnx::parse(onnx::to_bytes(a)), any = onnx::parse(onnx::to_bytes(a, b));

  CHECK(fixed.inputs()[0].sizes == std::vector<std::string>{"2", "3"});
  CHECK(any(ones({9, 3})).shape() == Shape{27});
  CHECK(any.outputs()[0].sizes == std::vector<std::string>{"'batch_times_3'"});
}

TEST_CASE("inputs and outputs have the names that are given") {
  const auto f = [](const Tensor& x, const Tensor& y) { return std::vector<Tensor>{x + y, x}; };

  const auto model = onnx::parse(
      onnx::to_bytes(f, {ones({2}), ones({2})}, {.input_names = {"left"}, .output_names = {"sum", "same"}}));

  CHECK(model.inputs()[0].name == "left");
  CHECK(model.inputs()[1].name == "input_1");
  CHECK(model.outputs()[0].name == "sum");
  CHECK(model.outputs()[1].name == "same");
  CHECK(model({ones({3}), ones({3})})[0].to_vector<double>() == std::vector<double>{2, 2, 2});
}

TEST_CASE("what ONNX cannot say is an Error that names the op and says what to do") {
  const auto of = [](auto f, std::vector<Tensor> x) { return message_of([&] { onnx::to_bytes(f, x); }); };

  CHECK(of([](const Tensor& x) { return inverse(mm(x.t(), x)); }, {eye(2)}) ==
        "onnx::save: inverse: ONNX has no op for it; leave it out of the function that is saved, or write it "
        "in other ops (docs/onnx.md lists them)");
  CHECK(of([](const Tensor& x) { return dropout(x); }, {ones({4})}) ==
        "onnx::save: dropout: it drops at random, which belongs to training; call eval() on the model before "
        "it is saved");
  CHECK(of([](const Tensor& x) { return x + rand({2}); }, {ones({4, 2})}) ==
        "onnx::save: rand: it draws random numbers, which a file cannot repeat; draw them outside and pass "
        "them as an input");
  CHECK(of([](const Tensor& x) { return x.slice(0, 1); }, {ones({4})})
            .find("a size is no multiple of the batch's") != std::string::npos);
  CHECK(of([](const Tensor& x) { return x.size(0) > 4 ? relu(x) : tanh(x); }, {ones({4})})
            .find("the function computes something else for another batch: call 0 is of tanh for one and of "
                  "relu for the other") != std::string::npos);
  CHECK(of([](const Tensor& x) { return x * static_cast<double>(x.size(0)); }, {ones({4})})
            .find("mul_number: its number hangs on the size of the batch") != std::string::npos);
}

TEST_CASE("a file that cannot be written changes nothing, and one that is there is whole") {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("xgrad_onnx_save_" +
                       std::to_string(std::hash<std::string>{}(std::filesystem::current_path().string())));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "net.onnx").string();
  const auto f = [](const Tensor& x) { return x * 2; };

  onnx::save(path, f, {ones({2, 3})});
  CHECK(message_of([&] { onnx::save(path, [](const Tensor& x) { return inverse(x); }, {eye(2)}); }) != "");

  CHECK(onnx::load(path)(ones({1, 3})).to_vector<double>() == std::vector<double>{2, 2, 2});
  CHECK(message_of([&] {
          onnx::save((folder / "no" / "net.onnx").string(), f, {ones({2, 3})});
        }).starts_with("onnx::save: "));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  CHECK(files == 1);
  std::filesystem::remove_all(folder);
}
