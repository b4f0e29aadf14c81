#include <algorithm>
#include <map>
#include <string>

#include "core/ops/matrices.hpp"
#include "xgrad/core/launch.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

struct Terms {
  std::vector<std::string> inputs;
  std::string output;
};

/// The terms of "ij,jk->ik"; every axis has a letter.
Terms terms_of(const std::string& equation) {
  const std::size_t arrow = equation.find("->");
  Terms t{{""}, equation.substr(arrow + 2)};
  for (char c : equation.substr(0, arrow)) {
    if (c == ',')
      t.inputs.emplace_back();
    else
      t.inputs.back() += c;
  }
  return t;
}

/// One loop for every letter, and the product of one element of each operand inside.
Tensor naive_einsum(const std::string& equation, const std::vector<Tensor>& operands) {
  const Terms terms = terms_of(equation);
  std::map<char, std::int64_t> size, at;
  for (std::size_t k = 0; k < operands.size(); ++k)
    for (std::size_t i = 0; i < terms.inputs[k].size(); ++i) {
      std::int64_t& s = size[terms.inputs[k][i]];
      const std::int64_t here = operands[k].shape()[static_cast<int>(i)];
      s = s == 0 || s == 1 ? here : s;
    }
  Shape shape;
  for (char c : terms.output) shape.push_back(size[c]);
  std::vector<double> result(static_cast<std::size_t>(shape.numel()));
  std::vector<std::vector<double>> values(operands.size());
  for (std::size_t k = 0; k < operands.size(); ++k) values[k] = operands[k].to_vector<double>();

  std::int64_t loops = 1;
  for (const auto& [c, s] : size) loops *= s;
  for (std::int64_t loop = 0; loop < loops; ++loop) {
    std::int64_t rest = loop;
    for (const auto& [c, s] : size) {
      at[c] = rest % s;
      rest /= s;
    }
    double product = 1;
    for (std::size_t k = 0; k < operands.size(); ++k) {
      std::int64_t i = 0;
      for (std::size_t axis = 0; axis < terms.inputs[k].size(); ++axis) {
        const std::int64_t n = operands[k].shape()[static_cast<int>(axis)];
        i = i * n + (n == 1 ? 0 : at[terms.inputs[k][axis]]);
      }
      product *= values[k][static_cast<std::size_t>(i)];
    }
    std::int64_t i = 0;
    for (char c : terms.output) i = i * size[c] + at[c];
    result[static_cast<std::size_t>(i)] += product;
  }
  return tensor(result, shape);
}

std::vector<Tensor> operands_of(const std::vector<Shape>& shapes) {
  std::vector<Tensor> operands;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    operands.push_back(numbers(shapes[k], static_cast<int>(k) + 1));
  return operands;
}

struct Case {
  std::string equation;
  std::vector<Shape> shapes;
};

const std::vector<Case> cases = {
    {"i->i", {{3}}},
    {"i->", {{3}}},
    {"->", {{}}},
    {"ij->ji", {{2, 3}}},
    {"ij->j", {{2, 3}}},
    {"ijk->ki", {{2, 3, 4}}},
    {"ii->i", {{3, 3}}},
    {"ii->", {{3, 3}}},
    {"iij->ij", {{3, 3, 2}}},
    {"iji->ji", {{3, 2, 3}}},
    {"jii->j", {{2, 3, 3}}},
    {"iii->i", {{3, 3, 3}}},
    {"ijij->ji", {{2, 3, 2, 3}}},
    {"i,i->", {{3}, {3}}},
    {"i,i->i", {{3}, {3}}},
    {"i,j->ij", {{3}, {4}}},
    {"i,j->ji", {{3}, {4}}},
    {"i,j->", {{3}, {4}}},
    {",i->i", {{}, {3}}},
    {"ij,jk->ik", {{2, 3}, {3, 4}}},
    {"ij,jk->ki", {{2, 3}, {3, 4}}},
    {"ij,kj->ik", {{2, 3}, {4, 3}}},
    {"ji,jk->ik", {{3, 2}, {3, 4}}},
    {"ij,ij->", {{2, 3}, {2, 3}}},
    {"ij,ji->", {{2, 3}, {3, 2}}},
    {"ij,ij->ij", {{2, 3}, {2, 3}}},
    {"ij,jk->", {{2, 3}, {3, 4}}},
    {"ij,jk->i", {{2, 3}, {3, 4}}},
    {"ij,k->ik", {{2, 3}, {4}}},
    {"bij,bjk->bik", {{2, 3, 4}, {2, 4, 5}}},
    {"ibj,jkb->kbi", {{3, 2, 4}, {4, 5, 2}}},
    {"bi,bi->b", {{2, 3}, {2, 3}}},
    {"abcd,dcbe->ae", {{2, 3, 2, 3}, {3, 2, 3, 2}}},
    {"abc,cd->abd", {{2, 3, 4}, {4, 2}}},
    {"ii,ij->j", {{3, 3}, {3, 2}}},
    {"ij,j->i", {{2, 3}, {1}}},
    {"ij,ij->ij", {{2, 1}, {1, 3}}},
    {"ij,jk->ik", {{2, 1}, {3, 4}}},
    {"i,i->i", {{1}, {1}}},
    {"i,ij,j->", {{2}, {2, 3}, {3}}},
    {"ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 2}}},
    {"a,b,c->cab", {{2}, {3}, {2}}},
    {"ij,ik,il->jkl", {{2, 3}, {2, 2}, {2, 3}}},
    {"ab,bc,cd,de->ae", {{2, 3}, {3, 2}, {2, 3}, {3, 2}}},
    {"ab,cd,ac->bd", {{2, 3}, {4, 2}, {2, 4}}},
    {"ij,jk->ik", {{2, 0}, {0, 4}}},
    {"ij,jk->ik", {{0, 3}, {3, 4}}},
    {"ij->i", {{2, 0}}},
};

}  // namespace

TEST_CASE("einsum is the sum over loops with one product inside") {
  for (const Case& c : cases) {
    CAPTURE(c.equation);
    const std::vector<Tensor> x = operands_of(c.shapes);

    CHECK(distance(einsum(c.equation, x), naive_einsum(c.equation, x)) < 1e-14);
  }
}

TEST_CASE("einsum has gradients to the second order") {
  for (const Case& c : cases) {
    CAPTURE(c.equation);
    const std::vector<Tensor> x = operands_of(c.shapes);
    const bool empty = std::any_of(x.begin(), x.end(), [](const Tensor& t) { return t.numel() == 0; });
    const auto f = [&](const std::vector<Tensor>& t) { return einsum(c.equation, t); };

    if (!empty) check_gradients(f, x);
  }
}

TEST_CASE("einsum without an arrow has the letters that occur once, in alphabetical order, capitals first") {
  const Tensor a = numbers({2, 3}), b = numbers({3, 4}, 2);

  CHECK(distance(einsum("ij,jk", {a, b}), matmul(a, b)) < 1e-15);
  CHECK(distance(einsum("ji", {a}), transposed(a)) == 0);
  CHECK(distance(einsum("aB", {a}), transposed(a)) == 0);
  CHECK(distance(einsum("ii", {numbers({3, 3})}), trace(numbers({3, 3}))) == 0);
  CHECK(distance(einsum(" i j , j k ", {a, b}), matmul(a, b)) < 1e-15);
}

TEST_CASE("the ellipsis of einsum stands for all other axes, which broadcast") {
  const Tensor a = numbers({5, 1, 2, 3}), b = numbers({6, 3, 4}, 2), x = numbers({3}, 3);

  CHECK(distance(einsum("...ij,...jk->...ik", {a, b}), matmul(a, b)) < 1e-14);
  CHECK(distance(einsum("...ij,...jk", {a, b}), matmul(a, b)) < 1e-14);
  CHECK(distance(einsum("...j,j", {a, x}), matmul(a, x)) < 1e-14);
  CHECK(distance(einsum("i...->...i", {b}), movedim(b, 0, -1)) == 0);
  CHECK(distance(einsum("...", {b}), b) == 0);
  CHECK(distance(einsum("...ii->...", {numbers({2, 3, 3})}), trace(numbers({2, 3, 3}))) == 0);
  check_gradients(
      [](const Tensor& p, const Tensor& q) {
        return einsum("...ij,...jk->k...", {p, q});
      },
      {numbers({2, 1, 2, 3}), numbers({2, 3, 2}, 2)});
}

TEST_CASE("einsum sums over an ellipsis that the result leaves out") {
  const Tensor b = numbers({6, 3, 4}, 2);

  CHECK(distance(einsum("...i->i", {b}), sum(b, {0, 1})) < 1e-14);
}

TEST_CASE("einsum takes integers, and integers beside floating numbers") {
  const Tensor i = tensor({{1, 2}, {3, 4}}), x = tensor(std::vector<double>{0.5, -1});

  CHECK(distance(einsum("ij,jk", {i, i}), tensor({{7, 10}, {15, 22}})) == 0);
  CHECK(distance(einsum("ij,j", {i, x}), tensor(std::vector<double>{-1.5, -2.5})) == 0);
}

TEST_CASE("einsum contracts a chain in the order that takes the fewest multiplications") {
  // From the left, the first product alone would have 2000 x 2000 elements.
  const Tensor u = numbers({2000, 1}), v = numbers({1, 2000}, 2), x = numbers({2000}, 3);

  CHECK(distance(einsum("ij,jk,k->i", {u, v, x}), mv(u, mv(v, x))) < 1e-10);
}

TEST_CASE("einsum takes outer products last, and the best of all orders") {
  class Cost : public detail::KernelListener {
   public:
    void hear(const detail::Kernel&, detail::Work work, std::int64_t, std::int64_t,
              std::int64_t) noexcept override {
      bytes += work.bytes;
      flops += work.flops;
    }
    std::int64_t bytes = 0, flops = 0;
  };
  const auto cost = [](auto f) {
    const Cost counted;
    f();
    return counted.flops + counted.bytes;
  };
  const Tensor t = rand({12, 12, 12}), a = rand({12, 9}), b = rand({12, 9});

  const auto whole = cost([&] { einsum("ijk,ia,jb->abk", {t, a, b}); });
  const auto parts = cost([&] { einsum("ajk,jb->abk", {einsum("ijk,ia->ajk", {t, a}), b}); });

  CHECK(whole <= parts);
  // q r is a matrix of four elements.
  const Tensor p = rand({40, 2}), q = rand({2, 40}), r = rand({40, 2}), s = rand({2, 40});
  CHECK(cost([&] {
          einsum("ab,bc,cd,de->ae", {p, q, r, s});
        }) <= cost([&] { matmul(matmul(p, matmul(q, r)), s); }));
}

TEST_CASE("einsum multiplies without copies of its operands where letters are in a product's order") {
  Tensor a = numbers({2, 3, 4}), b = numbers({2, 5, 4}, 2);
  a.requires_grad_();

  const Tensor y = einsum("bij,bkj->bik", {a, b});

  CHECK(y.op_name() == std::string("reshape"));
  CHECK(distance(y, gemm(a, b, false, true)) == 0);
}
