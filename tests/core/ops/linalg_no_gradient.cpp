#include "core/ops/matrices.hpp"

// Points at which a decomposition, or a function of it, has no gradient: an error says so.

using namespace xgrad;
using namespace xgrad::test;
using V = std::vector<double>;

TEST_CASE("qr has no gradient for dependent columns, nor in mode complete for a tall matrix") {
  Tensor a = tensor(V{1, 0, 0, 0, 0, 1}, {3, 2}),
         zero = zeros({2, 2}, {.dtype = float64, .requires_grad = true});
  a.requires_grad_();

  CHECK(message_of([&] { sum(qr(a, "complete").r).backward(); }) ==
        "qr: mode \"complete\" has no gradient where there are more rows than columns: a is "
        "f64[3, 2]; use mode "
        "\"reduced\"");
  CHECK(message_of([&] { sum(qr(zero).r).backward(); }) ==
        "qr: the matrix is singular, with a 0 in row 0 of its diagonal: a is f64[2, 2]; use pinv or lstsq");
}

TEST_CASE("eigh has no gradient for what depends on the choice of vectors of equal eigenvalues") {
  Tensor a = stack({tensor(V{1, 0, 0, 2}, {2, 2}), eye(2, {.dtype = float64})});
  a.requires_grad_();

  CHECK(message_of([&] {
          sum(eigh(a).eigenvectors * tensor(V{1, 2, 3, 4}, {2, 2})).backward();
        }) ==
        "eigh: eigenvalues 0 and 1 of the matrix at [1] are equal, and the function depends on the choice of "
        "their "
        "vectors, so it has no gradient; use the values, or the vectors of all equal values together: the "
        "eigenvalues are f64[2, 2]");
}

TEST_CASE("eigh cannot tell the gradient of v diag(f(w)) v^T at equal eigenvalues") {
  Tensor a = eye(2, {.dtype = float64, .requires_grad = true});
  const Eigh y = eigh(a);
  const Tensor w = y.eigenvalues, v = y.eigenvectors;

  CHECK(
      message_of([&] { sum(matmul(v * exp(w), transposed(v))).backward(); }) ==
      "eigh: eigenvalues 0 and 1 of the matrix are equal, and the function depends on them and on their "
      "vectors, "
      "so its gradient cannot be told from these; take values and vectors from two calls if it is a sum of a "
      "part with each, or move the matrix off this point: the eigenvalues are f64[2]");
}

TEST_CASE("eigh has no second derivative of a function of equal eigenvalues") {
  Tensor a = eye(2, {.dtype = float64, .requires_grad = true});

  const Tensor g = grad(sum(exp(eigh(a).eigenvalues)), {a}, {.create_graph = true})[0];

  CHECK(message_of([&] {
          sum(g * numbers({2, 2})).backward();
        }) ==
        "eigh: no second derivative is known where eigenvalues are equal (or 0, of a matrix that "
        "is not square): "
        "number 0 of the matrix is not alone: the eigenvalues are f64[2]; write the function "
        "without them, or move "
        "the matrix off this point");
}

TEST_CASE("svd has no gradient for the direction of a vector whose singular value is 0") {
  Tensor a = tensor(V{1, 0, 0, 0, 0, 0}, {3, 2});
  a.requires_grad_();

  CHECK(message_of([&] {
          sum(svd(a).u * numbers({3, 2})).backward();
        }) ==
        "svd: number 1 of the singular values of the matrix is 0, and the function depends on the choice of "
        "their "
        "vectors, so it has no gradient; use the values, or the vectors of all equal values together: the "
        "singular values are f64[2]");
}

namespace {

/// The message of a second derivative of the square of value j of the first matrix, which needs vector j
/// alone.
template <class Values>
std::string second_of_one(const Tensor& a, std::int64_t j, Values values) {
  const Tensor x = a.detach().requires_grad_();
  const Tensor g = grad(sum(exp(select(values(x), -1, j))), {x}, {.create_graph = true})[0];
  return message_of([&] { sum(g * numbers(a.shape())).backward(); });
}

/// Matrices with these values on their diagonals: the last one of the batch, after one whose values are all
/// alone.
Tensor diagonals(const V& w, std::int64_t rows, std::int64_t columns) {
  V v(static_cast<std::size_t>(2 * rows * columns));
  for (std::int64_t j = 0; j < std::min(rows, columns); ++j) {
    v[static_cast<std::size_t>(j * columns + j)] = static_cast<double>(7 - j);
    v[static_cast<std::size_t>((rows + j) * columns + j)] = w[static_cast<std::size_t>(j)];
  }
  return tensor(v, {2, rows, columns});
}

const std::vector<V> spectra = {{3, 2, 1}, {2, 2, 1}, {2, 1, 1}, {2, 2, 2}, {3, 2, 0}, {2, 0, 0}, {1, 1, 0}};

}  // namespace

TEST_CASE("a vector has a second derivative just where its eigenvalue is alone") {
  for (const V& w : spectra)
    for (std::size_t j = 0; j < 3; ++j) {
      const std::string message = second_of_one(diagonals(w, 3, 3), static_cast<std::int64_t>(2 - j),
                                                [](const Tensor& x) { return eigh(x).eigenvalues; });

      INFO(diagonals(w, 3, 3).str(), " number ", 2 - j);
      CHECK((message == "") == (std::count(w.begin(), w.end(), w[j]) == 1));
      if (message != "")
        CHECK(message.find(": number " + std::to_string(2 - j) + " of the matrix at [1] is not alone: ") !=
              std::string::npos);
    }
}

TEST_CASE(
    "a vector has a second derivative just where its singular value is alone, and not 0 beside others") {
  for (const Shape& shape : {Shape{3, 3}, Shape{5, 3}, Shape{3, 5}})
    for (const V& w : spectra)
      for (std::size_t j = 0; j < 3; ++j) {
        const Tensor a = diagonals(w, shape[0], shape[1]);

        const std::string message =
            second_of_one(a, static_cast<std::int64_t>(j), [](const Tensor& x) { return svd(x).s; });

        const bool alone = std::count(w.begin(), w.end(), w[j]) == 1 && (w[j] != 0 || shape[0] == shape[1]);
        INFO(a.str(), " number ", j);
        CHECK((message == "") == alone);
        if (message != "")
          CHECK(message.find(": number " + std::to_string(j) + " of the matrix at [1] is not alone: ") !=
                std::string::npos);
      }
}
