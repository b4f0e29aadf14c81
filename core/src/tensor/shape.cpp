#include "xgrad/core/shape.hpp"

#include <algorithm>

#include "tensor/errors.hpp"

namespace xgrad {

void Shape::resize(int rank) {
  if (rank > max_rank)
    detail::fail("Shape", std::to_string(rank) + " axes are more than the " + std::to_string(max_rank) +
                              " that a tensor can have; join some by reshape");
  std::int64_t* fresh = rank <= 4 ? nullptr : new std::int64_t[static_cast<std::size_t>(rank)];
  release();
  rank_ = rank;
  std::fill(inside_, inside_ + 4, 0);
  if (fresh) outside_ = fresh;
}

void Shape::take(std::span<const std::int64_t> sizes) {
  if (sizes.size() <= 4) {
    for (std::int64_t size : sizes) inside_[rank_++] = size;
    return;
  }
  resize(static_cast<int>(sizes.size()));
  std::copy(sizes.begin(), sizes.end(), begin());
}

Shape Shape::filled(int rank, std::int64_t size) {
  Shape s;
  s.resize(rank);
  std::fill(s.begin(), s.end(), size);
  return s;
}

void Shape::copy_outside(const Shape& o) {
  outside_ = new std::int64_t[o.size()];
  std::copy(o.begin(), o.end(), outside_);
}

void Shape::assign_outside(const Shape& o) {
  resize(o.rank_);
  std::copy(o.begin(), o.end(), begin());
}

bool Shape::equals_outside(const Shape& o) const { return std::equal(begin(), end(), o.begin()); }

void Shape::insert(int i, std::int64_t size) {
  Shape longer = filled(rank_ + 1, size);
  std::copy(begin(), begin() + i, longer.begin());
  std::copy(begin() + i, end(), longer.begin() + i + 1);
  *this = std::move(longer);
}

void Shape::erase(int i) {
  Shape shorter = filled(rank_ - 1, 0);
  std::copy(begin(), begin() + i, shorter.begin());
  std::copy(begin() + i + 1, end(), shorter.begin() + i);
  *this = std::move(shorter);
}

std::string Shape::str() const {
  std::string s = "[";
  for (int i = 0; i < rank_; ++i) s += (i ? ", " : "") + std::to_string((*this)[i]);
  return s + "]";
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b, const char* a_dtype,
                       const char* b_dtype) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape out = longer;
  const int offset = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    const std::int64_t p = longer[i + offset], q = shorter[i];
    if (p != q && p != 1 && q != 1)
      detail::fail(op, std::string("shapes do not broadcast: ") + a_dtype + a.str() + " and " + b_dtype +
                           b.str() + " differ in axis " + std::to_string(i - shorter.rank()) +
                           "; sizes must agree, or one of them be 1");
    if (p == 1) out[i + offset] = q;
  }
  detail::check_sizes(op, out);
  return out;
}

}  // namespace xgrad
