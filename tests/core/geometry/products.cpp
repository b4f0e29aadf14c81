#include <map>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// The matrices of a @ b: vectors count as one row or one column.
void check_matmul(Draw& draw) {
  Shape a = draw.shape(0, 4, 3), b = draw.shape(0, 4, 3);
  if (a.rank() > 0 && b.rank() > 0 && !draw.one_in(10)) b[std::max(b.rank() - 2, 0)] = a.back();
  for (int k = 1; k <= std::min(a.rank(), b.rank()) - 2; ++k)
    if (!draw.one_in(6)) b[b.rank() - 2 - k] = draw.one_in(3) ? 1 : a[a.rank() - 2 - k];
  const std::string call = "matmul " + a.str() + " and " + b.str();
  INFO(call);
  Shape p = a, q = b;
  if (p.rank() == 1) p.insert(0, 1);
  if (q.rank() == 1) q.push_back(1);
  bool fits = a.rank() > 0 && b.rank() > 0 && p.back() == q[q.rank() - 2];
  Shape batch;
  for (int k = std::max(p.rank(), q.rank()) - 2; k > 0 && fits; --k) {
    const std::int64_t m = k <= p.rank() - 2 ? p[p.rank() - 2 - k] : 1,
                       n = k <= q.rank() - 2 ? q[q.rank() - 2 - k] : 1;
    fits = m == n || m == 1 || n == 1;
    batch.push_back(m == 1 ? n : m);
  }
  std::optional<Shape> out;
  std::vector<Product> all;
  if (fits) {
    Shape whole = batch;
    whole.push_back(p[p.rank() - 2]), whole.push_back(q.back());
    const auto in_batch = [](const Shape& s, const Place& place) {
      Place r(place.end() - s.rank(), place.end());
      for (int k = 0; k < s.rank() - 2; ++k)
        if (s[k] == 1) entry(r, k) = 0;
      return r;
    };
    each(whole, [&](const Place& place) {
      Place u = in_batch(p, place), v = in_batch(q, place);
      for (std::int64_t k = 0; k < p.back(); ++k) {
        u.back() = k, v[v.size() - 2] = k;
        all.push_back({at(whole, place), at(p, u), at(q, v)});
      }
    });
    out = whole;
    if (b.rank() == 1) out->erase(out->rank() - 1);
    if (a.rank() == 1) out->erase(out->rank() - (b.rank() == 1 ? 1 : 2));
  }
  check_products(
      draw, draw.whole(a), draw.whole(b), [](const Tensor& x, const Tensor& y) { return matmul(x, y); }, out,
      all);
}

/// Two operands with random letters: letters twice in one, sizes of 1, results in any order.
void check_einsum(Draw& draw) {
  std::map<char, std::int64_t> size;
  std::string letters[2], output, seen;
  Shape shapes[2];
  for (int k = 0; k < 2; ++k)
    for (int n = draw(0, 3); n > 0; --n) {
      const char c = static_cast<char>('i' + draw(0, 3));
      if (!size.count(c)) size[c] = draw.size(3);
      letters[k] += c, shapes[k].push_back(size[c]);
      if (seen.find(c) == std::string::npos) seen += c;
    }
  for (char c : seen)
    if (draw.one_in(2)) output += c;
  std::shuffle(output.begin(), output.end(), draw.engine);
  const bool wrong_size = draw.one_in(30) && shapes[0].rank() > 0 &&
                          seen.find(letters[0][0]) != std::string::npos &&
                          (letters[1].find(letters[0][0]) != std::string::npos ||
                           letters[0].find(letters[0][0], 1) != std::string::npos) &&
                          size[letters[0][0]] > 1;
  if (wrong_size) shapes[0][0] += 1;
  const std::string equation = letters[0] + "," + letters[1] + "->" + output;
  const std::string call = "einsum " + equation + " of " + shapes[0].str() + " and " + shapes[1].str();
  INFO(call);
  std::optional<Shape> out;
  std::vector<Product> all;
  if (!wrong_size) {
    Shape whole, result;
    for (char c : seen) whole.push_back(size[c]);
    for (char c : output) result.push_back(size[c]);
    out = result;
    each(whole, [&](const Place& p) {
      const auto place = [&](const std::string& of) {
        Place q;
        for (char c : of) q.push_back(p[seen.find(c)]);
        return q;
      };
      all.push_back(
          {at(result, place(output)), at(shapes[0], place(letters[0])), at(shapes[1], place(letters[1]))});
    });
  }
  check_products(
      draw, draw.whole(shapes[0]), draw.whole(shapes[1]),
      [&](const Tensor& x, const Tensor& y) {
        return einsum(equation, {x, y});
      },
      out, all);
}

void check_kron(Draw& draw) {
  const bool outer_product = draw.one_in(3);
  const Shape a = outer_product ? draw.shape(0, 2) : draw.shape(0, 3, 3),
              b = outer_product ? draw.shape(1, 1) : draw.shape(0, 3, 3);
  const std::string call = (outer_product ? "outer " : "kron ") + a.str() + " and " + b.str();
  INFO(call);
  std::optional<Shape> out;
  std::vector<Product> all;
  if (outer_product && a.rank() == 1) {
    out = Shape{a[0], b[0]};
    each(*out, [&](const Place& p) {
      all.push_back({at(*out, p), static_cast<std::size_t>(p[0]), static_cast<std::size_t>(p[1])});
    });
  } else if (!outer_product) {
    out = Shape::filled(std::max(a.rank(), b.rank()), 1);
    for (int k = 1; k <= a.rank(); ++k) (*out)[out->rank() - k] *= a[a.rank() - k];
    for (int k = 1; k <= b.rank(); ++k) (*out)[out->rank() - k] *= b[b.rank() - k];
    each(*out, [&](const Place& p) {
      Place u(p.end() - a.rank(), p.end()), v(p.end() - b.rank(), p.end());
      for (int k = 1; k <= b.rank(); ++k) {
        const std::int64_t n = b[b.rank() - k];
        entry(v, b.rank() - k) %= n;
        if (k <= a.rank()) entry(u, a.rank() - k) /= n;
      }
      all.push_back({at(*out, p), at(a, u), at(b, v)});
    });
  }
  check_products(
      draw, draw.whole(a), draw.whole(b),
      [&](const Tensor& x, const Tensor& y) { return outer_product ? outer(x, y) : kron(x, y); }, out, all);
}

/// linear: x[..., in] and weight[out, in], and gemm with transposes.
void check_linear(Draw& draw) {
  const Shape x = draw.shape(1, 4, 3);
  Shape w = draw.shape(2, 2, 3);
  if (!draw.one_in(10)) w[1] = x.back();
  const std::string call = "linear " + x.str() + " and " + w.str();
  INFO(call);
  std::optional<Shape> out;
  std::vector<Product> all;
  if (w[1] == x.back()) {
    out = x;
    (*out)[x.rank() - 1] = w[0];
    each(*out, [&](const Place& p) {
      for (std::int64_t k = 0; k < x.back(); ++k) {
        Place q = p;
        q.back() = k;
        all.push_back({at(*out, p), at(x, q), at(w, {p.back(), k})});
      }
    });
  }
  check_products(
      draw, draw.whole(x), draw.whole(w), [](const Tensor& a, const Tensor& b) { return linear(a, b); }, out,
      all);
}

void check_gemm(Draw& draw) {
  const bool turn_a = draw.one_in(2), turn_b = draw.one_in(2);
  const std::int64_t m = draw.size(), n = draw.size(), k = draw.size(), wrong = draw.one_in(10);
  const Shape a = turn_a ? Shape{k, m} : Shape{m, k}, b = turn_b ? Shape{n, k + wrong} : Shape{k + wrong, n};
  const std::string call = "gemm " + a.str() + " and " + b.str() + (turn_a ? " a transposed" : "") +
                           (turn_b ? " b transposed" : "");
  INFO(call);
  std::optional<Shape> out;
  std::vector<Product> all;
  if (!wrong) {
    out = Shape{m, n};
    each(*out, [&](const Place& p) {
      for (std::int64_t l = 0; l < k; ++l)
        all.push_back({at(*out, p), at(a, turn_a ? Place{l, p[0]} : Place{p[0], l}),
                       at(b, turn_b ? Place{p[1], l} : Place{l, p[1]})});
    });
  }
  check_products(
      draw, draw.whole(a), draw.whole(b),
      [&](const Tensor& x, const Tensor& y) { return gemm(x, y, turn_a, turn_b); }, out, all);
}

}  // namespace

void sweep::products(int configurations, unsigned seed) {
  run(configurations, seed, {check_matmul, check_einsum, check_kron, check_linear, check_gemm});
}

TEST_CASE("products are plain loops, on thousands of configurations") { products(3000, 1); }
