#include "xgrad/core/buffer.hpp"

#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>

#include "node.hpp"
#include "xgrad/core/error.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define XGRAD_NO_CACHE 1  // every block comes from the system, so that the sanitizer sees its end
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XGRAD_NO_CACHE 1
#endif
#endif
#ifndef XGRAD_NO_CACHE
#define XGRAD_NO_CACHE 0
#endif

namespace xgrad::detail {
namespace {

// Size classes, in lines of 64 bytes: 1 to 16 one by one, then four to each doubling, each with one line more
// for the header of a buffer, so that a power of two of data does not fall into the next class.
constexpr int class_count = 176;

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

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::size_t carved_bytes = std::size_t{32} << 10;  // blocks up to here are cut from chunks
constexpr std::size_t shared_limit = std::size_t{1} << 30;   // bytes of larger blocks kept for all threads

constexpr std::uint32_t magazine_size(int c) {
  const std::size_t n = chunk_bytes / 4 / (lines_of(c) * line);
  return n < 1 ? 1 : n > 256 ? 256 : static_cast<std::uint32_t>(n);
}

/// What the first bytes of a free block hold.
struct Free {
  Free* next;           // in its chain
  Free* next_chain;     // the head of a chain in a shared list links to the next chain
  std::uint32_t count;  // of the chain, in its head
};

/// Chains of free blocks that any thread may take.
struct Shared {
  std::mutex mutex;
  Free* chains[class_count] = {};
  std::size_t large_bytes = 0;
  std::int64_t reserved = 0;
  std::int64_t system_calls = 0;
  std::int64_t nodes_of_ended_threads = 0;
  struct ThreadCache* threads = nullptr;
};

Shared& shared() {
  static Shared& s = *new Shared;  // never destroyed: tensors may outlive every static object
  return s;
}

/// Free blocks of one size: a chain in use, and a full one behind it so that a loop around the edge stays
/// here.
struct Magazine {
  Free* head;
  Free* spare;
  std::uint32_t count;
};

struct ThreadCache {
  Magazine magazines[class_count];
  std::byte* chunk;
  std::size_t chunk_room;
  std::int64_t live_nodes;
  ThreadCache* next;
  ThreadCache* previous;
  bool registered;
  bool ended;
};

constinit thread_local ThreadCache cache = {};

void* from_system(std::size_t bytes) {
  void* p = std::aligned_alloc(line, bytes);
  if (!p) throw Error("allocation: out of memory: " + std::to_string(bytes) + " bytes were asked for");
  std::lock_guard lock(shared().mutex);
  shared().reserved += static_cast<std::int64_t>(bytes);
  ++shared().system_calls;
  return p;
}

void to_system(void* p, std::size_t bytes) noexcept {
  std::free(p);
  std::lock_guard lock(shared().mutex);
  shared().reserved -= static_cast<std::int64_t>(bytes);
}

/// Puts a chain on the shared list, or returns large blocks to the system when the list is full.
void share_chain(Free* chain, std::uint32_t count, int c) noexcept {
  const std::size_t bytes = lines_of(c) * line;
  if (bytes > carved_bytes) {
    std::unique_lock lock(shared().mutex);
    if (shared().large_bytes + bytes * count > shared_limit) {
      lock.unlock();
      while (chain) to_system(std::exchange(chain, chain->next), bytes);
      return;
    }
    shared().large_bytes += bytes * count;
  }
  std::lock_guard lock(shared().mutex);
  chain->count = count;
  chain->next_chain = std::exchange(shared().chains[c], chain);
}

/// Gives a thread's blocks to all when it ends.
struct Registration {
  Registration() {
    std::lock_guard lock(shared().mutex);
    cache.next = shared().threads;
    if (cache.next) cache.next->previous = &cache;
    shared().threads = &cache;
  }
  ~Registration() {
    cache.ended = true;
    for (int c = 0; c < class_count; ++c) {
      Magazine& m = cache.magazines[c];
      if (m.spare) share_chain(m.spare, magazine_size(c), c);
      if (m.head) share_chain(m.head, m.count, c);
      m = {};
    }
    std::lock_guard lock(shared().mutex);
    shared().nodes_of_ended_threads += cache.live_nodes;
    cache.live_nodes = 0;
    (cache.previous ? cache.previous->next : shared().threads) = cache.next;
    if (cache.next) cache.next->previous = cache.previous;
    cache.registered = false;
  }
};

void register_thread() {
  thread_local Registration registration;
  cache.registered = true;
}

void* carve(std::size_t bytes) {
  if (cache.chunk_room < bytes) {
    cache.chunk = static_cast<std::byte*>(from_system(chunk_bytes));
    cache.chunk_room = chunk_bytes;
  }
  cache.chunk_room -= bytes;
  return std::exchange(cache.chunk, cache.chunk + bytes);
}

/// The magazine is empty: the spare chain, a shared one, or new memory.
[[gnu::noinline]] void* refill(int c) {
  if (!cache.registered && !cache.ended) register_thread();
  Magazine& m = cache.magazines[c];
  const std::size_t bytes = lines_of(c) * line;
  if (m.spare) {
    m.head = std::exchange(m.spare, nullptr);
    m.count = magazine_size(c);
  } else {
    std::lock_guard lock(shared().mutex);
    if (Free* chain = shared().chains[c]) {
      shared().chains[c] = chain->next_chain;
      if (bytes > carved_bytes) shared().large_bytes -= bytes * chain->count;
      m.head = chain;
      m.count = chain->count;
    }
  }
  if (!m.head) return bytes <= carved_bytes ? carve(bytes) : from_system(bytes);
  --m.count;
  return std::exchange(m.head, m.head->next);
}

/// The magazine is full.
[[gnu::noinline]] void overflow(Free* block, int c) noexcept {
  if (cache.ended) {
    block->next = nullptr;
    share_chain(block, 1, c);
    return;
  }
  if (!cache.registered) register_thread();
  Magazine& m = cache.magazines[c];
  if (m.spare) share_chain(m.spare, magazine_size(c), c);
  m.spare = m.head;
  block->next = nullptr;
  m.head = block;
  m.count = 1;
}

}  // namespace

void* take_block(std::size_t bytes, std::uint16_t& size_class) {
  const int c = class_of((bytes + line - 1) / line);
  size_class = static_cast<std::uint16_t>(c);
  if constexpr (XGRAD_NO_CACHE) return from_system(lines_of(c) * line);
  Magazine& m = cache.magazines[c];
  if (!m.head) [[unlikely]]
    return refill(c);
  --m.count;
  return std::exchange(m.head, m.head->next);
}

void give_block(void* p, std::uint16_t size_class) noexcept {
  const int c = size_class;
  if constexpr (XGRAD_NO_CACHE) return to_system(p, lines_of(c) * line);
  Free* block = static_cast<Free*>(p);
  Magazine& m = cache.magazines[c];
  if (m.count >= magazine_size(c) || cache.ended) [[unlikely]]
    return overflow(block, c);
  block->next = m.head;
  m.head = block;
  ++m.count;
}

Buffer* new_buffer(std::size_t bytes) {
  std::uint16_t c;
  void* block = take_block(bytes + line, c);
  Buffer* b = new (block) Buffer;
  b->size_class = c;
  return b;
}

void count_live_nodes(int change) noexcept {
  if (!cache.registered && !cache.ended) register_thread();
  __atomic_store_n(&cache.live_nodes, cache.live_nodes + change, __ATOMIC_RELAXED);
}

}  // namespace xgrad::detail

namespace xgrad {

MemoryStats memory_stats() {
  detail::Shared& s = detail::shared();
  std::lock_guard lock(s.mutex);
  std::int64_t nodes = s.nodes_of_ended_threads;
  for (detail::ThreadCache* t = s.threads; t; t = t->next)
    nodes += __atomic_load_n(&t->live_nodes, __ATOMIC_RELAXED);
  return {nodes, s.system_calls, s.reserved};
}

void empty_cache() {
  using namespace detail;
  for (int c = class_of(carved_bytes / line) + 1; c < class_count; ++c) {
    Magazine& m = cache.magazines[c];
    Free* shared_chain;
    {
      std::lock_guard lock(shared().mutex);
      shared_chain = std::exchange(shared().chains[c], nullptr);
      for (Free* chain = shared_chain; chain; chain = chain->next_chain)
        shared().large_bytes -= lines_of(c) * line * chain->count;
    }
    const auto release = [&](Free* block) {
      while (block) to_system(std::exchange(block, block->next), lines_of(c) * line);
    };
    while (shared_chain) release(std::exchange(shared_chain, shared_chain->next_chain));
    release(m.head);
    release(m.spare);
    m = {};
  }
}

}  // namespace xgrad
