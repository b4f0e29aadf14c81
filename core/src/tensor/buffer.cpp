#include "xgrad/core/buffer.hpp"

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>

#include "tensor/arena.hpp"
#include "tensor/fork.hpp"
#include "tensor/pool.hpp"
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

// Not written to.
constinit const ThreadCache none_yet = {}, none_any_more = {}, of_arena = {};

constinit thread_local Arena* arena = nullptr;            // where blocks come from one
constinit thread_local bool arena_rests = false;          // and none is taken from it
constinit thread_local ThreadCache* own_cache = nullptr;  // the thread's, meanwhile

bool is_from_arena() { return cache == &of_arena; }

/// Gives a thread a cache, and its blocks to all when it ends.
struct Registration {
  Registration() {
    auto* mine = new (std::nothrow) ThreadCache{};
    if (!mine) return;
    mine->registered = true;
    std::lock_guard lock(shared().mutex);
    mine->next = shared().threads;
    if (mine->next) mine->next->previous = mine;
    shared().threads = cache = mine;
  }
  ~Registration() {
    ThreadCache* mine = std::exchange(cache, const_cast<ThreadCache*>(&none_any_more));
    if (!mine->registered) return;
    for (int c = 0; c < class_count; ++c) {
      Magazine& m = mine->magazines[c];
      if (m.spare) share_chain(m.spare, m.limit, c);
      if (m.head) share_chain(m.head, m.count, c);
    }
    {
      std::lock_guard lock(shared().mutex);
      shared().nodes_of_ended_threads += mine->live_nodes;
      (mine->previous ? mine->previous->next : shared().threads) = mine->next;
      if (mine->next) mine->next->previous = mine->previous;
    }
    delete mine;
  }
};

/// Whether the thread has a cache: it gets one unless it is ending.
bool is_registered() {
  if (cache == &none_yet) thread_local Registration registration;
  return cache->registered;
}

void* carve(std::size_t bytes) {
  if (cache->chunk_room < bytes) {
    const std::size_t size = cache->chunk ? 2 * huge_page : chunk_bytes;
    cache->chunk = static_cast<std::byte*>(from_system(size));
    cache->chunk_room = size;
  }
  cache->chunk_room -= bytes;
  return std::exchange(cache->chunk, cache->chunk + bytes);
}

/// Takes a shared chain; null when there is none.
Free* take_chain(int c) {
  std::lock_guard lock(shared().mutex);
  Free* chain = shared().chains[c];
  if (!chain) return nullptr;
  shared().chains[c] = chain->next_chain;
  if (lines_of(c) * line > carved_bytes) shared().large_bytes -= lines_of(c) * line * chain->count;
  return chain;
}

}  // namespace

constinit thread_local ThreadCache* cache = const_cast<ThreadCache*>(&none_yet);
constinit std::atomic<std::int64_t> recorded_gradients = 0;

void count_without_cache(int change) noexcept {
  if (is_from_arena()) {
    const BlocksFrom lists(nullptr);
    return count_live_nodes(change);
  }
  if (is_registered()) return count_live_nodes(change);
  std::lock_guard lock(shared().mutex);
  shared().nodes_of_ended_threads += change;
}

BlocksFrom::BlocksFrom(Arena* from) : before_(arena) {
  is_registered();
  if (!before_) own_cache = cache;
  arena = from;
  cache = from ? const_cast<ThreadCache*>(&of_arena) : own_cache;
}

BlocksFrom::~BlocksFrom() {
  arena = before_;
  cache = before_ ? const_cast<ThreadCache*>(&of_arena) : own_cache;
}

ArenaRests::ArenaRests() : before_(std::exchange(arena_rests, true)) {}
ArenaRests::~ArenaRests() { arena_rests = before_; }

void* take_from_lists(int c) {
  const BlocksFrom lists(nullptr);
  return take_block(c);
}

void* take_plain_block(std::size_t bytes, std::uint16_t& size_class) {
  if (!is_from_arena()) return take_block(bytes, size_class);
  const BlocksFrom lists(nullptr);
  return take_block(bytes, size_class);
}

namespace {

constexpr int plain_node = 3;  // of a node without elements behind it, in lines

}  // namespace

void* refill(int c) {
  if (is_from_arena()) {
    // One line more, so that the place of no elements, behind the node, is not that of another block.
    if (c == plain_node) return take_from_lists(c + 1);
    return c < plain_node || arena_rests ? take_from_lists(c) : arena->take(c, false);
  }
  const std::size_t bytes = lines_of(c) * line;
  if constexpr (no_cache) return from_system(bytes);
  if (!is_registered()) return from_system(bytes);
  Magazine& m = cache->magazines[c];
  if (m.spare) {
    m.head = std::exchange(m.spare, nullptr);
    m.count = magazine_size(c);
  } else if (Free* chain = take_chain(c)) {
    m.head = chain;
    m.count = chain->count;
  }
  if (!m.head) return bytes <= carved_bytes ? carve(bytes) : from_system(bytes);
  --m.count;
  return std::exchange(m.head, m.head->next);
}

void overflow(void* p, int c) noexcept {
  if (is_from_arena()) {
    if (arena->give(p)) return;
    const BlocksFrom lists(nullptr);
    return give_block(p, static_cast<std::uint16_t>(c));
  }
  if constexpr (no_cache) return to_system(p, lines_of(c) * line);
  Free* block = static_cast<Free*>(p);
  block->next = nullptr;
  if (!is_registered()) return share_chain(block, 1, c);
  Magazine& m = cache->magazines[c];
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
  void* block;
  if (is_from_arena()) {
    c = static_cast<std::uint16_t>(class_of((bytes + 2 * line - 1) / line));
    block = arena_rests ? take_from_lists(c) : arena->take(c, true);
  } else {
    block = take_block(bytes + line, c);
    // What a size class adds is nobody's: without this the sanitizer would see the end of the block only.
    if constexpr (no_cache)
      __asan_poison_memory_region(static_cast<std::byte*>(block) + line + bytes,
                                  lines_of(c) * line - line - bytes);
  }
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
    const auto release = [&](Free* block) {
      while (block) to_system(std::exchange(block, block->next), lines_of(c) * line);
    };
    while (Free* chain = take_chain(c)) release(chain);
    if (!cache->registered) continue;
    Magazine& m = cache->magazines[c];
    release(m.head);
    release(m.spare);
    m = {};
  }
}

}  // namespace xgrad
