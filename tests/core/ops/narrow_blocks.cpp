// Blocks of few columns are worked on several at a time: each has the same bits as alone, and the values of
// the same lines as rows.

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

using Op = std::function<Tensor(const Tensor&)>;

Tensor numbers(const Shape& shape, DType dtype, std::uint64_t seed) {
  Generator generator(seed);
  const Tensor x = randn(shape, {.dtype = dtype}, generator);
  const Tensor special = where(x > 2.5, INFINITY, where(x < -2.5, NAN, where(abs(x) < 0.1, -INFINITY, x)));
  return where(rand({shape[0], 1, 1}, {}, generator) < 0.3, special, x);
}

/// Of nan, whose sign is free, only the place counts.
bool same_bits(const Tensor& x, const Tensor& y) {
  const Tensor a = where(isnan(x), NAN, x), b = where(isnan(y), NAN, y);
  const auto bytes = static_cast<std::size_t>(a.numel()) * static_cast<std::size_t>(size_of(a.dtype()));
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::memcmp(a.node()->data, b.node()->data, bytes) == 0;
}

bool near(const Tensor& a, const Tensor& b, double tolerance) {
  return a.shape() == b.shape() && allclose(a, b, tolerance, tolerance, true);
}

Op with_slope(const Op& f) {
  return [f](const Tensor& x) {
    const Tensor leaf = x.detach().requires_grad_();
    return grad({f(leaf)}, {leaf}, {cos(where(isfinite(x), x, 0) * 3)})[0];
  };
}

/// A loss of each line along axis 1, whose label depends on the line's place within its block only.
Tensor losses(const Tensor& x) {
  const Tensor labels = arange(x.size(2)).to(int64) * 7;
  const Tensor within = expand(labels - floor_divide(labels, x.size(1)) * x.size(1), {x.size(0), x.size(2)});
  return cross_entropy(x, within, {.label_smoothing = 0.1, .reduction = Reduction::none});
}

const std::pair<std::string, Op> ops[] = {
    {"softmax", [](const Tensor& x) { return softmax(x, 1); }},
    {"softmax's gradient", with_slope([](const Tensor& x) { return softmax(x, 1); })},
    {"log_softmax", [](const Tensor& x) { return log_softmax(x, 1); }},
    {"log_softmax's gradient", with_slope([](const Tensor& x) { return log_softmax(x, 1); })},
    {"logsumexp", [](const Tensor& x) { return logsumexp(x, 1, true); }},
    {"cross_entropy", [](const Tensor& x) { return unsqueeze(losses(x), 1); }},
};

}  // namespace

TEST_CASE("narrow blocks have the same bits alone and among others, and the values of rows") {
  for (const auto& work : ops)
    for (const DType dtype : {float32, float64})
      for (const std::int64_t n : {1, 2, 7, 64, 256, 257})
        for (std::int64_t inner = 2; inner <= 9; ++inner) {
          const Tensor x = numbers({19, n, inner}, dtype, 3);
          const std::string& name = work.first;
          const Op& f = work.second;
          CAPTURE(name);
          CAPTURE(x.describe());

          const Tensor y = f(x);

          for (const std::int64_t k : {0, 1, 7, 18})
            CHECK(same_bits(narrow(y, 0, k, 1), f(narrow(x, 0, k, 1))));
          if (name == "cross_entropy") continue;
          const Tensor rows = unsqueeze(flatten(permute(x, {0, 2, 1}), 0, 1), 2);
          const Tensor expected = permute(reshape(f(rows), {19, inner, y.size(1)}), {0, 2, 1});
          CHECK(near(y, expected, dtype == float32 ? 2e-5 : 1e-13));
        }
}
