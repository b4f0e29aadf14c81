#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace xgrad::detail {

/// Up to `room` objects in place; only those that are there are made and destroyed.
template <class T, std::size_t room>
class Few {
 public:
  Few() = default;
  explicit Few(std::size_t count) {
    while (count_ < count) add();
  }
  ~Few() { std::destroy_n(data(), count_); }
  Few(const Few&) = delete;
  Few& operator=(const Few&) = delete;

  template <class... Args>
  void add(Args&&... args) {
    new (static_cast<void*>(data() + count_)) T(std::forward<Args>(args)...);
    ++count_;
  }
  T* data() { return reinterpret_cast<T*>(bytes_); }
  T& operator[](std::size_t i) { return data()[i]; }
  std::span<T> all() { return {data(), count_}; }

 private:
  alignas(T) std::byte bytes_[room * sizeof(T)];  // NOLINT: made when they are added
  std::size_t count_ = 0;
};

}  // namespace xgrad::detail
