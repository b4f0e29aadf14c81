#pragma once

#include <memory>

#include "xgrad/core/buffer.hpp"

namespace xgrad::detail {

/// Memory for n numbers that a kernel works in, from the thread's free lists: on a boundary of 64 bytes, with
/// room up to the next one. Not initialised.
template <class T>
class Workspace {
 public:
  Workspace() = default;
  explicit Workspace(std::int64_t n)
      : buffer_(new_buffer((static_cast<std::size_t>(n) * sizeof(T) + line - 1) / line * line)) {}

  T* data() const { return static_cast<T*>(data_of(buffer_.get())); }

 private:
  struct Drop {
    void operator()(Buffer* b) const noexcept { drop(b); }
  };
  std::unique_ptr<Buffer, Drop> buffer_;
};

}  // namespace xgrad::detail
