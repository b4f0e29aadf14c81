#pragma once

#include <cstdlib>
#include <new>
#include <span>

#include "xgrad/core/creation.hpp"

namespace xgrad::data {

/// Numbers that come one after another and become a tensor without a copy. Where they are many, growing moves
/// pages and not bytes, which std::vector cannot.
template <Element T>
class Growing {
 public:
  Growing() = default;
  Growing(const Growing&) = delete;
  Growing& operator=(const Growing&) = delete;
  ~Growing() { std::free(at_); }  // NOLINT(cppcoreguidelines-no-malloc)

  /// Room for n more, which follow all that are there.
  T* extend(std::size_t n) {
    if (size_ + n > capacity_) grow(size_ + n);
    T* const end = at_ + size_;
    size_ += n;
    return end;
  }
  void push(T value) { *extend(1) = value; }

  std::size_t size() const { return size_; }
  std::span<T> values() { return {at_, size_}; }

  void clear() { size_ = 0; }

  /// All of them, which are gone from here.
  Tensor tensor(const Shape& shape) {
    if (size_ == 0) return empty(shape, {.dtype = dtype_of<T>});
    const Tensor x = from_memory(at_, shape, [](void* p) { std::free(p); });  // NOLINT
    at_ = nullptr;
    size_ = capacity_ = 0;
    return x;
  }

 private:
  void grow(std::size_t n) {
    const std::size_t wanted = n + n / 2 + 1024;
    void* const to = std::realloc(at_, wanted * sizeof(T));  // NOLINT(cppcoreguidelines-no-malloc)
    if (!to) throw std::bad_alloc();
    at_ = static_cast<T*>(to);
    capacity_ = wanted;
  }

  T* at_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace xgrad::data
