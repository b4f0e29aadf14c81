#include "core/ops/matrices.hpp"

// Programs of what the rules of linear algebra compute, on other matrices than those that were traced.

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

namespace {

/// The gradient of sum f(a)^2.
TensorFunction slope_of(Tensor (*f)(const Tensor& a)) {
  return [f](const std::vector<Tensor>& a) {
    const Tensor x = a[0].detach().requires_grad_();
    return grad({sum(square(f(x)))}, {x});
  };
}

Tensor by_eigh(const Tensor& a) {
  const auto [w, v] = eigh(a);
  return matmul(v * exp(w), v.transpose(-1, -2));
}
Tensor by_svd(const Tensor& a) {
  const auto [u, s, vh] = svd(a);
  return matmul(u * exp(s), vh);
}
Tensor by_qr(const Tensor& a) {
  const auto [q, r] = qr(a);
  return q + sum(r);
}
Tensor by_lstsq(const Tensor& a) { return lstsq(a, a * a).residuals; }

}  // namespace

TEST_CASE("the program of a gradient of linear algebra gives the same bits as the gradient") {
  const auto same = [](Tensor (*f)(const Tensor& a), const Shape& shape) {
    const TensorFunction slope = slope_of(f);
    Trace trace;
    const Tensor a = regular(shape, 1), b = regular(shape, 2);
    const Program p = trace.program({a}, slope({a}));
    return equal(p.run({b})[0], slope({b})[0]);
  };

  CHECK(same(by_eigh, {3, 3}));
  CHECK(same(by_svd, {4, 3}));
  CHECK(same(by_svd, {2, 3}));
  CHECK(same(by_qr, {4, 3}));
  CHECK(same(by_lstsq, {4, 2}));
  CHECK(same(inverse, {3, 3}));
  CHECK(same(det, {3, 3}));
  CHECK(same([](const Tensor& a) { return slogdet(a).logabsdet; }, {2, 3, 3}));
  CHECK(same([](const Tensor& a) { return pinv(a); }, {4, 3}));
  CHECK(same([](const Tensor& a) { return einsum("iij->j", {a}); }, {3, 3, 2}));
}

TEST_CASE("a program has the sign of a determinant and the rank of its own matrix") {
  const Tensor a = tensor(V{2, 0, 0, 3}, {2, 2});
  const Program sign = trace([](const Tensor& x) { return slogdet(x).sign; }, {a});
  const Program rank = trace([](const Tensor& x) { return lstsq(x, x).rank; }, {a});

  CHECK(sign.run({tensor(V{0, 1, 1, 0}, {2, 2})})[0].item<double>() == -1);
  CHECK(rank.run({tensor(V{1, 1, 1, 1}, {2, 2})})[0].item<std::int64_t>() == 1);
}

TEST_CASE("a program of a gradient throws where eigenvalues are equal, as the gradient does") {
  const auto slope = [](const Tensor& a) {
    const Tensor x = a.detach().requires_grad_();
    return grad({sum(eigh(x).eigenvectors * tensor(V{1, 2, 3, 4}, {2, 2}))}, {x})[0];
  };
  const Program p = trace(slope, {tensor(V{1, 0, 0, 2}, {2, 2})});

  CHECK(message_of([&] {
          p.run({eye(2, {.dtype = float64})});
        }).starts_with("eigh: eigenvalues 0 and 1 of the matrix are equal"));
}
