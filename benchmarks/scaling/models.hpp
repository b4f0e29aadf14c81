#pragma once

#include <xgrad/xgrad.hpp>

// What is trained: an MLP of 1.9 million weights, ResNet-18 for images of 32 x 32, and a small transformer.

namespace xgrad::scaling {

struct Block : nn::Module {
  nn::Conv2d conv1, conv2;
  nn::BatchNorm2d norm1, norm2;
  std::optional<nn::Conv2d> shortcut;

  Block(std::int64_t in, std::int64_t out, int stride)
      : conv1(in, out, 3, {.stride = stride, .padding = 1, .bias = false}),
        conv2(out, out, 3, {.padding = 1, .bias = false}),
        norm1(out),
        norm2(out) {
    if (stride != 1 || in != out)
      shortcut.emplace(in, out, 1, nn::Conv2dOptions{.stride = stride, .bias = false});
  }
  Tensor forward(const Tensor& x) const override {
    const Tensor y = norm2(conv2(relu(norm1(conv1(x)))));
    return relu(y + (shortcut ? (*shortcut)(x) : x));
  }
  void visit(nn::Visitor& v) override {
    v("conv1", conv1), v("norm1", norm1), v("conv2", conv2), v("norm2", norm2), v("shortcut", shortcut);
  }
};

/// He et al., 2016, with the first layer that is usual for small images.
struct ResNet18 : nn::Module {
  nn::Conv2d first{3, 64, 3, {.padding = 1, .bias = false}};
  nn::BatchNorm2d norm{64};
  std::vector<Block> blocks;
  nn::Linear out{512, 10};

  ResNet18() {
    std::int64_t in = 64;
    for (const std::int64_t width : {64, 128, 256, 512})
      for (const int place : {0, 1}) {
        blocks.emplace_back(in, width, place == 0 && width > 64 ? 2 : 1);
        in = width;
      }
  }
  Tensor forward(const Tensor& x) const override {
    Tensor y = relu(norm(first(x)));
    for (const Block& block : blocks) y = block(y);
    return out(mean(y, std::vector<int>{2, 3}));
  }
  void visit(nn::Visitor& v) override {
    v("first", first), v("norm", norm), v("blocks", blocks), v("out", out);
  }
};

struct Transformer : nn::Module {
  nn::Linear in{64, 256};
  std::vector<nn::TransformerEncoderLayer> layers;
  nn::Linear out{256, 10};

  Transformer() {
    for (int i = 0; i < 4; ++i)
      layers.emplace_back(
          256, 4, nn::TransformerLayerOptions{.dim_feedforward = 1024, .dropout = 0, .batch_first = true});
  }
  Tensor forward(const Tensor& x) const override {
    Tensor y = in(x);
    for (const auto& layer : layers) y = layer(y);
    return out(mean(y, 1));
  }
  void visit(nn::Visitor& v) override { v("in", in), v("layers", layers), v("out", out); }
};

/// Calls f(model, shape of one row) for the model of that name.
template <class F>
void with_model(const std::string& name, const F& f) {
  if (name == "mlp") {
    nn::Sequential model = nn::mlp({784, 1024, 1024, 10});
    f(model, Shape{784});
  } else if (name == "resnet18") {
    ResNet18 model;
    f(model, Shape{3, 32, 32});
  } else if (name == "transformer") {
    Transformer model;
    f(model, Shape{64, 64});
  } else {
    throw Error("scaling: there is no model " + name + "; models are mlp, resnet18 and transformer");
  }
}

}  // namespace xgrad::scaling
