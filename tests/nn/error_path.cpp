#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/nn.hpp"

// Errors say in which member of a model they arose.

using namespace xgrad;

namespace {

struct Encoder : nn::Module {
  nn::Conv2d first{3, 4, 3};
  nn::Conv2d second{4, 8, 3};

  Tensor forward(const Tensor& x) const override { return second(first(x)); }
  void visit(nn::Visitor& v) override { v("first", first), v("second", second); }
};

/// Called otherwise, so that only the modules in it see its errors pass.
struct Pair2 : nn::ModuleBase {
  Encoder encoder;
  nn::Sequential head{nn::Flatten(), nn::Linear(8, 2)};

  Tensor operator()(const Tensor& x, const Tensor& y) const {
    return nn::detail::called(*this, [&] { return head(encoder(x)) + head(encoder(y)); });
  }
  void visit(nn::Visitor& v) override { v("encoder", encoder), v("head", head); }
};

struct Adds : nn::Module {
  Tensor forward(const Tensor& x) const override { return x + ones({7}); }
};

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a layer by itself names itself alone") {
  const nn::Conv2d conv(3, 4, 3);
  CHECK(message_of([&] {
          conv(zeros({8, 1, 28, 28}));
        }) == "Conv2d: x must have 3 channels: x is f32[8, 1, 28, 28]");
}

TEST_CASE("an error names the path of the layer, however deep it lies") {
  const Pair2 model;
  CHECK(message_of([&] {
          model.encoder(zeros({8, 1, 28, 28}));
        }) == "Conv2d \"first\": x must have 3 channels: x is f32[8, 1, 28, 28]");
  CHECK(message_of([&] {
          model(zeros({1, 3, 5, 5}), zeros({1, 1, 5, 5}));
        }) == "Conv2d \"encoder.first\": x must have 3 channels: x is f32[1, 1, 5, 5]");
  CHECK(message_of([&] {
          model(zeros({1, 3, 6, 5}), zeros({1, 3, 5, 5}));
        }).starts_with("Linear \"head.1\": "));
}

TEST_CASE("an error of an op keeps its own name, and says in which layer it was called") {
  nn::Sequential net{nn::Identity(), nn::Sequential{Adds()}};
  const std::string message = message_of([&] { net(zeros({3})); });
  CHECK(message.starts_with("add: "));
  CHECK(message.ends_with("; in Adds \"1.0\""));
}

TEST_CASE("an error of the model's own code stays as it is") {
  const Adds adds;
  CHECK(message_of([&] { adds(zeros({3})); }) == message_of([&] { zeros({3}) + ones({7}); }));
}

TEST_CASE("what is thrown through modules is an Error, and other exceptions pass untouched") {
  const nn::Sequential net{[](const Tensor&) -> Tensor { throw std::out_of_range("mine"); }};
  CHECK_THROWS_WITH_AS(net(zeros({3})), "mine", std::out_of_range);
}
