#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

#include "xgrad/core/buffer.hpp"

// Blocks of memory from the calling thread's free lists. What is here is the way of every small op; what is
// rare (an empty or a full list) is in buffer.cpp.

#if defined(__SANITIZE_ADDRESS__)
#define XGRAD_NO_CACHE true  // every block comes from the system, so that the sanitizer sees its end
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XGRAD_NO_CACHE true
#endif
#endif
#ifndef XGRAD_NO_CACHE
#define XGRAD_NO_CACHE false
#endif

namespace xgrad::detail {

inline constexpr bool no_cache = XGRAD_NO_CACHE;

// Size classes, in lines of 64 bytes: 1 to 16 one by one, then four to each doubling, each with one line more
// for the header of a buffer, so that a power of two of data does not fall into the next class.
inline constexpr int class_count = 176;

constexpr int class_of(std::size_t lines) {
  if (lines <= 16) return static_cast<int>(lines);
  const std::size_t last = lines - 2;  // of the payload: lines - 1 lines, counted from 0
  const int shift = static_cast<int>(std::bit_width(last)) - 3;
  return 16 + (shift - 1) * 4 + static_cast<int>(last >> shift) - 3;
}

constexpr std::size_t lines_of(int size_class) {
  if (size_class <= 16) return static_cast<std::size_t>(size_class);
  const int shift = (size_class - 17) / 4 + 1, quarter = (size_class - 17) % 4;
  return (static_cast<std::size_t>(quarter + 5) << shift) + 1;
}

static_assert([] {
  for (std::size_t lines = 1; lines < 100000; lines += 7) {
    const int c = class_of(lines);
    if (lines_of(c) < lines || (c > 1 && lines_of(c - 1) >= lines)) return false;
  }
  return true;
}());

/// What the first bytes of a free block hold.
struct Free {
  Free* next;           // in its chain
  Free* next_chain;     // the head of a chain in a shared list links to the next chain
  std::uint32_t count;  // of the chain, in its head
};

/// Free blocks of one size: a chain in use, and a full one behind it so that a loop around the edge stays
/// here.
struct Magazine {
  Free* head;
  Free* spare;
  std::uint32_t count;
  std::uint32_t limit;  ///< of count; 0 until the first block is given back, and when the thread has ended
};

struct ThreadCache {
  Magazine magazines[class_count];
  std::byte* chunk;
  std::size_t chunk_room;
  std::int64_t live_nodes;
  ThreadCache* next;
  ThreadCache* previous;
  bool registered;
};

/// The calling thread's. Before it has one, when it has ended, and where there is no memory for one, this is
/// an empty one that nobody writes to. A pointer, because a plugin has room for some bytes only where threads
/// find them at once: see XGRAD_KERNEL_FLAGS.
extern constinit thread_local ThreadCache* cache;
extern constinit std::atomic<std::int64_t> recorded_gradients;  ///< see MemoryStats

/// A block although the magazine is empty: from the spare chain, a shared one, or new memory.
[[gnu::cold]] void* refill(int c);
/// Takes a block although the magazine is full.
[[gnu::cold]] void overflow(void* block, int c) noexcept;

/// Whether the next block of a size class is at hand.
inline bool has_block(int c) { return cache->magazines[c].head != nullptr; }

/// A block of a size class, on a 64-byte boundary.
inline void* take_block(int c) {
  Magazine& m = cache->magazines[c];
  if (!m.head) [[unlikely]]
    return refill(c);
  --m.count;
  Free* next = m.head->next;
  __builtin_prefetch(next, 1);  // the next block will be asked for its own next
  return std::exchange(m.head, next);
}

/// A block of at least `bytes` bytes.
inline void* take_block(std::size_t bytes, std::uint16_t& size_class) {
  const int c = class_of((bytes + line - 1) / line);
  size_class = static_cast<std::uint16_t>(c);
  return take_block(c);
}

/// Gives a block back.
inline void give_block(void* p, std::uint16_t size_class) noexcept {
  Magazine& m = cache->magazines[size_class];
  if (m.count >= m.limit) [[unlikely]]
    return overflow(p, size_class);
  Free* block = static_cast<Free*>(p);
  block->next = m.head;
  m.head = block;
  ++m.count;
}

/// The same when the thread has no cache yet, or none any more.
[[gnu::cold]] void count_without_cache(int change) noexcept;

/// Recorded nodes, counted by each thread for itself; read from other threads.
inline void count_live_nodes(int change) noexcept {
  if (!cache->registered) [[unlikely]]
    return count_without_cache(change);
  __atomic_store_n(&cache->live_nodes, cache->live_nodes + change, __ATOMIC_RELAXED);
}

}  // namespace xgrad::detail
