#include "xgrad/onnx.hpp"

#include "xgrad/xgrad.hpp"

int main() {
  const auto model = xgrad::onnx::parse(
      xgrad::onnx::to_bytes([](const xgrad::Tensor& x) { return xgrad::relu(x); }, {xgrad::ones({2})}));
  return model(-xgrad::ones({3})).sum().item() == 0 ? 0 : 1;
}
