#include "xgrad/xgrad.hpp"

int main() {
  const xgrad::Tensor x = xgrad::full({}, 3.0).requires_grad_();

  (x * x).backward();

  return x.grad().item<float>() == 6.0f ? 0 : 1;
}
