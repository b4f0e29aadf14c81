#pragma once

#include <sys/single_threaded.h>

#include <cstddef>
#include <cstdint>

namespace xgrad::detail {

/// A reference count: plain while the process has one thread, atomic from then on.
class Count {
 public:
  explicit Count(std::uint32_t n = 0) : n_(n) {}

  std::uint32_t get() const { return __atomic_load_n(&n_, __ATOMIC_RELAXED); }

  /// Adds one and returns what it was before.
  std::uint32_t up() {
    if (__libc_single_threaded) return n_++;
    return __atomic_fetch_add(&n_, 1u, __ATOMIC_RELAXED);
  }

  /// Takes one away; true when nothing is left.
  bool down() {
    if (__libc_single_threaded) return --n_ == 0;
    return __atomic_sub_fetch(&n_, 1u, __ATOMIC_ACQ_REL) == 0;
  }

 private:
  std::uint32_t n_;
};

/// Where the bytes of a buffer lie, which says how they are let go.
enum class Memory : std::uint8_t {
  block,    ///< in a block of their own, one cache line behind this header
  node,     ///< in the node that owns this header: those of a small tensor
  foreign,  ///< in memory that is not ours: see from_memory
};

/// The bytes behind one or more tensors: reshapes, slices of leading rows and detached handles share one.
///
/// Ours start on a 64-byte boundary and their room is a multiple of 64 bytes, so that a kernel may read and
/// write whole vectors past the last element; foreign ones end with the last element.
struct Buffer {
  Count owners{1};
  std::uint32_t version = 0;  ///< bumped by every mutable access, through whichever alias
  std::uint16_t size_class = 0;
  Memory memory = Memory::block;
  bool read_only = false;  ///< foreign bytes that must not be written
};

inline constexpr std::size_t line = 64;  ///< bytes: alignment of all data, and what sizes are rounded up to

/// A buffer of its own with room for `bytes` bytes; its bytes start at data_of(buffer).
Buffer* new_buffer(std::size_t bytes);
inline void* data_of(Buffer* b) { return reinterpret_cast<std::byte*>(b) + line; }

void free_buffer(Buffer* b) noexcept;
/// One owner less; the last one frees.
inline void drop(Buffer* b) noexcept {
  if (b->owners.down()) free_buffer(b);
}

}  // namespace xgrad::detail

namespace xgrad {

/// What the calling thread's and the shared free lists hold, and how often memory came from the system.
struct MemoryStats {
  std::int64_t live_nodes;      ///< recorded nodes alive in the process
  std::int64_t system_calls;    ///< blocks and chunks ever asked of the system by the process
  std::int64_t reserved_bytes;  ///< bytes held from the system, in use or in free lists
  /// Leaves whose `.grad()` was recorded by {.create_graph = true}: such a gradient holds its graph, which
  /// holds the leaf, so both live until zero_grad() or set_grad() ends that.
  std::int64_t recorded_gradients;
};

/// Counters of the process, for tests and for finding leaks.
MemoryStats memory_stats();

/// Returns the large free blocks of the calling thread and of the shared lists to the system.
void empty_cache();

}  // namespace xgrad
