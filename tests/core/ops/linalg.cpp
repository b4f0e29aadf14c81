#include "core/ops/matrices.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// x with 5 added to the diagonal, so that it is regular.
Tensor shifted(const Tensor& x) { return x + 5 * eye(x.size(-1), {.dtype = x.dtype()}); }

/// A row for a function of square matrices, which demands floating ones.
template <class F>
Row matrices_row(std::string name, F f) {
  Row r = row(std::move(name), Kind::smooth, {{{3, 3}}}, std::move(f), {{{0, 0}}, {{2, 2, 2}}, {{0, 3, 3}}});
  r.integers = Integers::rejected;
  return r;
}

/// A row for linear with an activation; 130 rows are more than one block of its sums.
Row activated_row(Activation activation, Tensor (*separate)(const Tensor&), Kind kind) {
  Row r = row("linear", kind, {{{2, 3}}, {{4, 3}}, {{4}}},
              [=](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b, activation); },
              {{{0, 3}, {4, 3}, {4}}, {{130, 2}, {19, 2}, {19}}});
  r.composed = as_function(
      [=](const Tensor& x, const Tensor& w, const Tensor& b) { return separate(linear(x, w, b)); });
  return r;
}

const Family linalg(
    "linalg",
    {
        row("matmul", Kind::smooth, {{{2, 3}}, {{3, 4}}},
            [](const Tensor& a, const Tensor& b) { return matmul(a, b); },
            {{{3}, {3}}, {{0, 3}, {3, 4}}, {{2, 0}, {0, 4}}, {{5, 2, 3}, {3}}}),
        row("gemm", Kind::smooth, {{{3, 2}}, {{3, 4}}},
            [](const Tensor& a, const Tensor& b) { return gemm(a, b, true, false); },
            {{{2, 3, 2}, {2, 3, 4}}}),
        row("linear", Kind::smooth, {{{2, 3}}, {{4, 3}}, {{4}}},
            [](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b); },
            {{{0, 3}, {4, 3}, {4}}}),
        activated_row(Activation::sigmoid, sigmoid, Kind::smooth),
        activated_row(Activation::tanh, tanh, Kind::smooth),
        activated_row(Activation::relu, relu, Kind::piecewise),
        row("linear", Kind::smooth, {{{2, 2, 3}}, {{4, 3}}},
            [](const Tensor& x, const Tensor& w) { return linear(x, w, {}, Activation::tanh); }),
        row("mm", Kind::smooth, {{{2, 3}}, {{3, 4}}},
            [](const Tensor& a, const Tensor& b) { return mm(a, b); }, {{{2, 0}, {0, 4}}}),
        row("bmm", Kind::smooth, {{{2, 2, 3}}, {{2, 3, 2}}},
            [](const Tensor& a, const Tensor& b) { return bmm(a, b); }, {{{0, 2, 3}, {0, 3, 2}}}),
        row("mv", Kind::smooth, {{{2, 3}}, {{3}}}, [](const Tensor& a, const Tensor& x) { return mv(a, x); },
            {{{2, 0}, {0}}, {{0, 2}, {2}}}),
        row("dot", Kind::smooth, {{{3}}, {{3}}}, [](const Tensor& a, const Tensor& b) { return dot(a, b); },
            {{{0}, {0}}}),
        row("outer", Kind::smooth, {{{2}}, {{3}}},
            [](const Tensor& a, const Tensor& b) { return outer(a, b); }, {{{0}, {3}}}),
        row("addmm", Kind::smooth, {{{4}}, {{2, 3}}, {{3, 4}}},
            [](const Tensor& x, const Tensor& a, const Tensor& b) { return addmm(x, a, b, 2, 3); },
            {{{}, {2, 0}, {0, 4}}}),
        row("baddbmm", Kind::smooth, {{{2, 2}}, {{2, 2, 3}}, {{2, 3, 2}}},
            [](const Tensor& x, const Tensor& a, const Tensor& b) { return baddbmm(x, a, b, -1, 2); },
            {{{1}, {0, 2, 3}, {0, 3, 2}}}),
        row("bilinear", Kind::smooth, {{{2, 3}}, {{2, 2}}, {{4, 3, 2}}, {{4}}},
            [](const Tensor& x, const Tensor& y, const Tensor& w, const Tensor& b) {
              return bilinear(x, y, w, b);
            },
            {{{0, 3}, {0, 2}, {4, 3, 2}, {4}}}),
        row("kron", Kind::smooth, {{{2, 3}}, {{2}}},
            [](const Tensor& a, const Tensor& b) { return kron(a, b); }, {{{}, {3}}, {{0}, {3}}}),
        row("trace", Kind::smooth, {{{3, 2}}}, [](const Tensor& x) { return trace(x); },
            {{{0, 2}}, {{2, 3, 3}}}),
        row("einsum", Kind::smooth, {{{2, 3, 3}}, {{4, 2}}},
            [](const Tensor& a, const Tensor& b) {
              return einsum("ijj,ki->jk", {a, b});
            },
            {{{0, 3, 3}, {4, 0}}}),
        row("solve", Kind::smooth, {{{3, 3}}, {{3, 2}}},
            [](const Tensor& a, const Tensor& b) { return solve(shifted(a), b); },
            {{{0, 0}, {0, 2}}, {{2, 3, 3}, {3}}}),
        row("solve_triangular", Kind::smooth, {{{3, 3}}, {{2, 3}}},
            [](const Tensor& a, const Tensor& b) { return solve_triangular(shifted(a), b, false, false); },
            {{{0, 0}, {2, 0}}}),
        row("triangular_solve", Kind::smooth, {{{3, 2}}, {{3, 3}}},
            [](const Tensor& b, const Tensor& a) { return triangular_solve(b, shifted(a)); },
            {{{0, 2}, {0, 0}}}),
        row("lstsq", Kind::smooth, {{{4, 2}}, {{4, 3}}},
            [](const Tensor& a, const Tensor& b) {
              const LeastSquares y = lstsq(a, b);
              return std::vector{y.solution, y.residuals};
            },
            {{{0, 2}, {0, 3}}, {{2, 4}, {2}}}),
        matrices_row("inverse", [](const Tensor& a) { return inverse(shifted(a)); }),
        floating_row("matrix_exp", Kind::smooth, {{{3, 3}}}, [](const Tensor& a) { return matrix_exp(a); },
                     {{{2, 3, 3}}, {{0, 0}}}),
        matrices_row("cholesky", [](const Tensor& a) { return cholesky(definite(a)); }),
        test::moderate("an entry's error is that of the largest one",
                       matrices_row("pinv", [](const Tensor& a) { return pinv(shifted(a)); })),
        matrices_row("det", [](const Tensor& a) { return det(a); }),
        matrices_row("slogdet", [](const Tensor& a) { return slogdet(a).logabsdet; }),
        matrices_row("logdet", [](const Tensor& a) { return logdet(definite(a)); }),
        matrices_row("qr",
                     [](const Tensor& a) {
                       const auto [q, r] = qr(a);
                       return std::vector{q, r};
                     }),
        matrices_row("svd",
                     [](const Tensor& a) {
                       const auto [u, s, vh] = svd(a);
                       return std::vector{u * u, s, vh * vh};
                     }),
        matrices_row("eigh",
                     [](const Tensor& a) {
                       const auto [w, v] = eigh(a);
                       return std::vector{w, v * v};
                     }),
        matrices_row("matrix_norm", [](const Tensor& a) { return matrix_norm(a); }),
        matrices_row("matrix_norm", [](const Tensor& a) { return matrix_norm(a, "nuc", true); }),
    });

}  // namespace

TEST_CASE("linear algebra: every row holds") { check_rows(linalg); }
