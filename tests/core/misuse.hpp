#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <cmath>
#include <string>
#include <utility>
#include <vector>
#include <xgrad/core.hpp>

namespace xgrad::test {

/// Operands to misuse. Each misuse says what is wrong, and at the end all operands are what they were.
class Misuse {
 public:
  Misuse() {
    for (const Tensor& t : watched()) before_.push_back(t.clone());
  }
  ~Misuse() {
    const std::vector<Tensor> after = watched();
    for (std::size_t k = 0; k < after.size(); ++k) CHECK(equal(after[k], before_[k]));
    CHECK_FALSE(l.grad().defined());
    CHECK_NOTHROW(grad(z, {l}));  // its graph is as it was, too
  }
  Misuse(const Misuse&) = delete;

  template <class F>
  static void says(F misuse, const std::string& message) {
    std::string said = "nothing";
    try {
      misuse();
    } catch (const Error& e) {
      said = e.what();
    }
    CHECK(said == message);
    CHECK(has_grammar(said));
  }

 protected:
  static constexpr std::int64_t big = INT64_MAX, low = INT64_MIN;
  static constexpr int ibig = INT_MAX, ilow = INT_MIN;
  static constexpr double nan = NAN, inf = INFINITY;

  const Tensor u, s = full({}, 0.5), v = arange(1., 4.), x = tensor({{1., -2., 3.}, {4., 5., -6.}}),
                  y = tensor({{1., 2.}, {3., 4.}, {5., 6.}}), d = zeros({2, 3}, {.dtype = float64});
  const Tensor b = x > 0, i = tensor({0, 1}), idx = tensor({{0, 1, 0}, {1, 0, 1}});
  const Tensor e = zeros({0}), e2 = zeros({0, 3}), im = ones({1, 2, 4, 4}), w = ones({2, 2, 3, 3});
  const Tensor lp = zeros({4, 2, 3}), tg = tensor({{1, 2}, {2, 1}}), il = tensor({4, 4}), tl = tensor({2, 2});
  const Tensor m = zeros({2, 3}), l = ones({2, 3}, {.requires_grad = true}), z = sum(l * l);

 private:
  /// "op: what is wrong": a name in front.
  static bool has_grammar(const std::string& message) {
    const std::size_t colon = message.find(": ");
    const std::string op = message.substr(0, colon);
    return colon != std::string::npos && colon > 0 &&
           std::all_of(op.begin(), op.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  }

  std::vector<Tensor> watched() const {
    return {s, v, x, y, d, b, i, idx, im, w, lp, tg, il, tl, m, l.detach()};
  }

  std::vector<Tensor> before_;
};

}  // namespace xgrad::test
