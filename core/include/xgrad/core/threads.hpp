#pragma once

#include <cstdint>

namespace xgrad {

/// How many threads share large work, the calling one included: the number of cores, or that of the
/// environment variable XGRAD_NUM_THREADS, until it is set. Throws Error when the variable is not such a
/// number.
int num_threads();

/// Sets it, for the whole process and from the next large work on. Results have the same bits for any
/// number. Threads are started when large work first needs them. Throws Error unless 1 <= n <= 1024.
void set_num_threads(int n);

namespace detail {

/// The number of threads for work that is brought here and now: 1 inside a block.
int free_threads();

/// Calls call(f, first, last) for the blocks [0, size), [size, 2 size), ... of [0, n), on several threads.
void run_blocks(std::int64_t n, std::int64_t size, const void* f,
                void (*call)(const void*, std::int64_t, std::int64_t));

/// Calls f(first, last) for the blocks [0, size), [size, 2 size), ... of [0, n), on several threads; returns
/// when all are done. The blocks depend on n and size only, so an f that writes what belongs to its block
/// gives the same bits for any number of threads.
///
/// Throws what the first of the blocks that threw has thrown. Inside a block, and while another thread's work
/// is under way, blocks run one after another on the calling thread.
template <class F>
void parallel_for(std::int64_t n, std::int64_t size, const F& f) {
  run_blocks(n, size, &f, [](const void* g, std::int64_t first, std::int64_t last) {
    (*static_cast<const F*>(g))(first, last);
  });
}

inline constexpr std::int64_t block_elements = std::int64_t{1} << 15;  ///< in a block of an elementwise pass
inline constexpr std::int64_t large_work = 4 * block_elements;         ///< up to here one thread is as fast

/// Whether one thread makes a pass over n > 0 elements alone: one comparison, after which a loop need not ask
/// whether there is anything to do.
constexpr bool is_small(std::int64_t n) { return static_cast<std::uint64_t>(n) - 1 < large_work; }

/// f(first, last) for a pass over n elements: at once, or by blocks where it is large.
template <class F>
void in_blocks(std::int64_t n, const F& f) {
  if (is_small(n)) [[likely]]
    f(std::int64_t{0}, n);
  else
    parallel_for(n, block_elements, f);
}

}  // namespace detail
}  // namespace xgrad
