#include "xgrad/core/fuse.hpp"

#include "xgrad/xgrad.hpp"

int main() {
  const auto x = xgrad::tensor({1.0, 4.0}, {.requires_grad = true});
  xgrad::fuse([](auto v) { return sqrt(v); }, x).sum().backward();
  return x.grad().at({1}) == 0.25 ? 0 : 1;
}
