#include "xgrad/core/buffer.hpp"

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>

#include "fork.hpp"
#include "pool.hpp"
#include "xgrad/core/error.hpp"

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the name is the sanitizer's
extern "C" void __asan_poison_memory_region(const volatile void* begin, std::size_t bytes);

namespace xgrad::detail {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1}
                                    << 20;  // a thread's first; the next ones are of huge pages
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t carved_bytes = std::size_t{32} << 10;  // blocks up to here are cut from chunks
constexpr std::size_t shared_limit = std::size_t{1} << 30;   // bytes of larger blocks kept for all threads

/// Blocks in a full magazine: 256 small ones, 256 KiB of middling ones, one large one.
std::uint32_t magazine_size(int c) {
  const std::size_t n = chunk_bytes / 4 / (lines_of(c) * line);
  return n < 1 ? 1 : n > 256 ? 256 : static_cast<std::uint32_t>(n);
}

/// Chains of free blocks that any thread may take.
struct Shared {
  Mutex mutex;
  Free* chains[class_count] = {};
  std::size_t large_bytes = 0;
  std::int64_t reserved = 0;
  std::int64_t system_calls = 0;
  std::int64_t nodes_of_ended_threads = 0;
  struct ThreadCache* threads = nullptr;
};

constinit std::atomic<Shared*> of_process = nullptr;

Shared& shared() { return process_wide(of_process); }

/// Of two huge pages or more, the system is asked for such pages: a graph of many small nodes is a fifth
/// faster to walk.
void* from_system(std::size_t bytes) {
  const bool huge = bytes >= 2 * huge_page;
  void* p = nullptr;
  if (posix_memalign(&p, huge ? huge_page : line, bytes) != 0) p = nullptr;
  if (p && huge) madvise(p, bytes, MADV_HUGEPAGE);  // a wish; without it all works as well
  if (!p)
    throw Error("allocation: out of memory: " + std::to_string(bytes) +
                " bytes were asked for; free tensors, or take smaller batches");
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
      if (m.spare) share_chain(m.spare, m.limit, c);
      if (m.head) share_chain(m.head, m.count, c);
      m = {};  // a limit of 0 sends whatever this thread still frees to the shared lists
    }
    std::lock_guard lock(shared().mutex);
    shared().nodes_of_ended_threads += cache.live_nodes;
    cache.live_nodes = 0;
    (cache.previous ? cache.previous->next : shared().threads) = cache.next;
    if (cache.next) cache.next->previous = cache.previous;
    cache.registered = false;
  }
};

void* carve(std::size_t bytes) {
  if (cache.chunk_room < bytes) {
    const std::size_t size = cache.chunk ? 2 * huge_page : chunk_bytes;
    cache.chunk = static_cast<std::byte*>(from_system(size));
    cache.chunk_room = size;
  }
  cache.chunk_room -= bytes;
  return std::exchange(cache.chunk, cache.chunk + bytes);
}

}  // namespace

constinit thread_local ThreadCache cache = {};
constinit std::atomic<std::int64_t> recorded_gradients = 0;

void register_thread() {
  if (cache.ended) return;
  thread_local Registration registration;
  cache.registered = true;
}

void* refill(int c) {
  const std::size_t bytes = lines_of(c) * line;
  if constexpr (no_cache) return from_system(bytes);
  if (!cache.registered) register_thread();
  Magazine& m = cache.magazines[c];
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

void overflow(void* p, int c) noexcept {
  if constexpr (no_cache) return to_system(p, lines_of(c) * line);
  Free* block = static_cast<Free*>(p);
  block->next = nullptr;
  if (cache.ended) return share_chain(block, 1, c);
  if (!cache.registered) register_thread();
  Magazine& m = cache.magazines[c];
  if (m.limit == 0) {
    m.limit = magazine_size(c);
    if (m.head) block->next = m.head;  // what a refill left
  } else {
    if (m.spare) share_chain(m.spare, m.limit, c);
    m.spare = std::exchange(m.head, nullptr);
    m.count = 0;
  }
  m.head = block;
  ++m.count;
}

Buffer* new_buffer(std::size_t bytes) {
  std::uint16_t c;
  void* block = take_block(bytes + line, c);
  // What a size class adds is nobody's: without this the sanitizer would see the end of the block only.
  if constexpr (no_cache)
    __asan_poison_memory_region(static_cast<std::byte*>(block) + line + bytes,
                                lines_of(c) * line - line - bytes);
  Buffer* b = new (block) Buffer;
  b->size_class = c;
  return b;
}

}  // namespace xgrad::detail

namespace xgrad {

MemoryStats memory_stats() {
  detail::Shared& s = detail::shared();
  std::lock_guard lock(s.mutex);
  std::int64_t nodes = s.nodes_of_ended_threads;
  for (detail::ThreadCache* t = s.threads; t; t = t->next)
    nodes += __atomic_load_n(&t->live_nodes, __ATOMIC_RELAXED);
  return {nodes, s.system_calls, s.reserved, detail::recorded_gradients};
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
