#include <doctest/doctest.h>

#include <cstring>

#include "core/threads/threads.hpp"
#include "xgrad/core/fuse.hpp"

using namespace xgrad;

TEST_CASE("a large fused pass has the same bits for any number of threads, and the composed form's values") {
  const Tensor x = rand({600, 501}, {.dtype = float64, .requires_grad = true}, Generator(1));
  const Tensor w = rand({501}, {.dtype = float64, .requires_grad = true}, Generator(2));
  const Tensor b = rand({600, 1}, {.dtype = float64, .requires_grad = true}, Generator(3));
  const Tensor c = rand({}, {.dtype = float64, .requires_grad = true}, Generator(4));
  const Tensor g = randn({600, 501}, {.dtype = float64}, Generator(5));
  const auto results = [&](const Tensor& y) {
    std::vector<Tensor> all = grad(sum(y * g), {x, w, b, c});
    all.push_back(y.detach());
    return all;
  };
  const std::vector<Tensor> composed = results(tanh(x * w + b) * c);

  std::vector<Tensor> first;
  for (const int threads : {1, 2, 3, 8}) {
    CAPTURE(threads);
    const Threads guard(threads);
    const std::vector<Tensor> now =
        results(fuse([](auto u, auto v, auto s, auto r) { return tanh(u * v + s) * r; }, x, w, b, c));
    if (first.empty()) first = now;
    for (std::size_t i = 0; i < now.size(); ++i) {
      CAPTURE(i);
      CHECK(std::memcmp(now[i].node()->data, first[i].node()->data,
                        static_cast<std::size_t>(now[i].numel()) * sizeof(double)) == 0);
      CHECK(amax(abs(now[i] - composed[i])).item() < 1e-11);
    }
  }
}
