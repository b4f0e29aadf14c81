#include "xgrad/xgrad.hpp"

#include <cstdio>

int main() {
  const xgrad::Tensor x = xgrad::full({}, 3.0).requires_grad_();

  (x * x).backward();
  xgrad::files::write_npz("gradient.npz", {{"g", x.grad()}},
                          {.compress = true});  // which needs minizip and zlib
  const xgrad::Tensor g = xgrad::files::read_npz("gradient.npz").at(0).tensor;
  std::remove("gradient.npz");

  return g.item<float>() == 6.0f ? 0 : 1;
}
