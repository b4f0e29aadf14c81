#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "xgrad/core/dtype.hpp"

namespace xgrad {

/// The sizes of a tensor along each axis; empty for a 0-dimensional tensor.
///
/// A tensor has at most 2^45 elements, and where a size is 0 the others' product is limited in the same way.
///
/// Up to four axes live inside the object, so that shapes of everyday tensors allocate nothing.
class Shape {
 public:
  static constexpr int max_rank = 32;

  Shape() noexcept : rank_(0) {}
  Shape(std::initializer_list<std::int64_t> sizes) : rank_(0) { take({sizes.begin(), sizes.size()}); }
  Shape(const std::vector<std::int64_t>& sizes) : rank_(0) { take(sizes); }  // NOLINT
  explicit Shape(std::span<const std::int64_t> sizes) : rank_(0) { take(sizes); }

  /// A shape of `rank` axes, each of size `size`.
  static Shape filled(int rank, std::int64_t size);

  Shape(const Shape& o) : inside_{o.inside_[0], o.inside_[1], o.inside_[2], o.inside_[3]}, rank_(o.rank_) {
    if (!inside()) [[unlikely]]
      copy_outside(o);
  }
  Shape(Shape&& o) noexcept : rank_(o.rank_) {
    if (inside())
      take_inside(o);
    else
      outside_ = o.outside_, o.rank_ = 0;
  }
  Shape& operator=(const Shape& o) {
    if (this != &o) assign(o);
    return *this;
  }
  Shape& operator=(Shape&& o) noexcept {
    if (this != &o) {
      release();
      rank_ = o.rank_;
      if (inside())
        take_inside(o);
      else
        outside_ = o.outside_, o.rank_ = 0;
    }
    return *this;
  }
  ~Shape() { release(); }

  /// Number of axes.
  int rank() const { return rank_; }
  std::size_t size() const { return static_cast<std::size_t>(rank_); }
  bool empty() const { return rank_ == 0; }

  std::int64_t* begin() { return inside() ? inside_ : outside_; }
  std::int64_t* end() { return begin() + rank_; }
  const std::int64_t* begin() const { return inside() ? inside_ : outside_; }
  const std::int64_t* end() const { return begin() + rank_; }

  /// The size along axis i, 0 <= i < rank(); unchecked.
  std::int64_t& operator[](int i) { return begin()[i]; }
  std::int64_t operator[](int i) const { return begin()[i]; }
  std::int64_t back() const { return begin()[rank_ - 1]; }

  /// Number of elements: the product of the sizes, 1 without axes.
  std::int64_t numel() const {
    std::int64_t n = 1;
    for (std::int64_t s : *this) n *= s;
    return n;
  }

  void push_back(std::int64_t size) { insert(rank_, size); }
  /// A new axis of `size` before axis i.
  void insert(int i, std::int64_t size);
  /// Without axis i.
  void erase(int i);

  /// True for up to four axes, which lie inside the object.
  bool inside() const { return rank_ <= 4; }

  /// "[2, 3]", "[]" without axes.
  std::string str() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    if (!a.inside()) return a.equals_outside(b);
    const std::int64_t *p = a.inside_, *q = b.inside_;  // sizes beyond the rank are 0
    return ((p[0] ^ q[0]) | (p[1] ^ q[1]) | (p[2] ^ q[2]) | (p[3] ^ q[3])) == 0;
  }

 private:
  // Not inline: with AVX-512, g++ 12.2 at -O3 makes {2, 2, 2, 2} of constants {2, 2, 0, 0} here.
  void take(std::span<const std::int64_t> sizes);
  void copy_outside(const Shape& o);
  void assign_outside(const Shape& o);
  bool equals_outside(const Shape& o) const;  // of the same rank
  void resize(int rank);                      // sizes that lie inside become 0, others undefined
  void take_inside(const Shape& o) {
    for (int i = 0; i < 4; ++i) inside_[i] = o.inside_[i];
  }
  void release() {
    if (!inside()) delete[] outside_;
  }
  void assign(const Shape& o) {
    if (inside() && o.inside()) {
      rank_ = o.rank_;
      take_inside(o);
    } else {
      assign_outside(o);
    }
  }

  union {
    std::int64_t inside_[4] = {0, 0, 0, 0};
    std::int64_t* outside_;
  };
  int rank_;
};

/// The shape that two shapes broadcast to, by NumPy's rule: axes are matched from the right, and sizes agree
/// or one of them is 1. Throws Error, with `op` at its head, when they do not broadcast;
/// the names of the dtypes, where they are given, stand before the shapes.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b, const char* a_dtype = "",
                       const char* b_dtype = "");

}  // namespace xgrad
