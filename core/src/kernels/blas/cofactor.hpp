#pragma once

#include <cmath>
#include <cstdint>

// The determinant as a polynomial in the elements: its first and second derivative for any matrix, singular
// ones included, float and double.
//
// The cofactors are det a a^-T where a is far from singular. Else, with a = u diag(s) v^T, they are det(u v)
// u diag(p) v^T, p_i the product of all s but s_i: nothing is divided by. Their derivative needs the products
// of all s but two. Up to three rows they are written out.

namespace xgrad::detail {

/// A product whose parts may overflow or underflow: its power of two is kept apart.
template <class T>
class Product {
 public:
  explicit Product(T first = 1) : fraction_(first) {}
  Product& operator*=(T x) {
    int mine = 0, its = 0;
    fraction_ = std::frexp(fraction_ * std::frexp(x, &its), &mine);
    exponent_ += mine + its;
    return *this;
  }
  T value() const { return std::ldexp(fraction_, exponent_); }

 private:
  T fraction_;
  int exponent_ = 0;
};

/// The determinant of n <= 3 rows, each difference of products rounded once or twice.
template <class T>
T small_determinant(std::int64_t n, const T* a);

/// to[i, j] = the derivative of det a with respect to a[i, j]. nan where a has elements that are not finite.
template <class T>
void cofactors(std::int64_t n, const T* a, T* to);

/// to = the derivative of sum(cofactors(a) * g) with respect to a; symmetric in what g and the change of a
/// are.
template <class T>
void cofactor_derivative(std::int64_t n, const T* a, const T* g, T* to);

}  // namespace xgrad::detail
