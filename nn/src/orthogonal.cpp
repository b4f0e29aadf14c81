#include <cmath>
#include <string>
#include <vector>

#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/init.hpp"

namespace xgrad::nn::init {

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Makes vectors orthonormal in their order by Gram and Schmidt, each projected twice, which keeps them
/// orthogonal to rounding (Giraud et al., 2005). As R's diagonal, the lengths, is positive, this is QR with
/// signs fixed.
void orthonormalise(std::vector<Vector>& vectors) {
  for (std::size_t k = 0; k < vectors.size(); ++k) {
    Vector& v = vectors[k];
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < k; ++j) {
        const double along = dot(v, vectors[j]);
        for (std::size_t i = 0; i < v.size(); ++i) v[i] -= along * vectors[j][i];
      }
    const double length = std::sqrt(dot(v, v));
    for (double& x : v) x /= length;
  }
}

/// The elements of a row-major matrix as vectors of equal length, whichever way round has fewer of them.
template <class T>
void fill(std::span<T> data, std::size_t rows, std::size_t columns, double gain) {
  const bool by_row = rows < columns;
  const std::size_t count = by_row ? rows : columns;
  const std::size_t length = by_row ? columns : rows;
  const auto at = [&](std::size_t k, std::size_t i) { return by_row ? k * columns + i : i * columns + k; };

  std::vector<Vector> vectors(count, Vector(length));
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < length; ++i) vectors[k][i] = static_cast<double>(data[at(k, i)]);
  orthonormalise(vectors);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < length; ++i) data[at(k, i)] = static_cast<T>(gain * vectors[k][i]);
}

}  // namespace

Tensor orthogonal_(Tensor t, double gain, Generator generator) {
  if (t.dim() < 2) throw Error("orthogonal_: needs two or more axes: got " + t.describe());
  t.to_change("orthogonal_");
  normal_(t, 0, 1, std::move(generator));
  if (t.numel() == 0) return t;

  const NoGrad guard;
  const auto rows = static_cast<std::size_t>(t.shape()[0]);
  const auto columns = static_cast<std::size_t>(t.numel()) / rows;
  if (t.dtype() == float32)
    fill(t.mutable_data<float>(), rows, columns, gain);
  else
    fill(t.mutable_data<double>(), rows, columns, gain);
  return t;
}

}  // namespace xgrad::nn::init
