#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "xgrad/core/threads.hpp"

namespace xgrad::detail {

/// A loop that computes, as those see it who listen at the kernels' door. Every one passes it: `launch`.
/// Kernels are `static constexpr`.
struct Kernel {
  const char* name;
  bool elementwise = false;     ///< element i of what it writes comes from elements i of what it reads
  const char* owner = nullptr;  ///< for whom it works, where that is not the op that calls it
};

/// What one run of a kernel does, as far as it is known beforehand.
struct Work {
  std::int64_t bytes = 0;  ///< that it reads and writes
  std::int64_t flops = 0;  ///< multiplications and additions, of products
};

/// The longest pass that a kernel of this thread makes at once, without a look at who listens or whether
/// other threads could help: 0 where somebody listens.
extern constinit thread_local std::uint64_t longest_unheard;

/// Whether a pass over n > 0 elements is made here and now: one comparison, after which a loop need not ask
/// whether there is anything to do.
inline bool runs_unheard(std::int64_t n) {
  const bool unheard = static_cast<std::uint64_t>(n) - 1 < longest_unheard;
  if (unheard && (n < 1 || n > large_work)) __builtin_unreachable();  // longest_unheard is large_work or 0
  return unheard;
}

/// The type of what a kernel runs, as a replay needs to know it that runs it again.
struct Closure {
  std::size_t bytes;
  void (*copy)(void* to, const void* f);  ///< null where it holds more than numbers and pointers
  void (*call)(const void* f, std::int64_t first, std::int64_t last);
};

/// Copies a closure with zeros in its padding, where the compiler can say where that is.
template <class F>
void copy_closure(void* to, const void* f) {
  [[maybe_unused]] F* copy = new (to) F(*static_cast<const F*>(f));
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(copy);
#endif
#endif
}
template <class F>
void call_closure(const void* f, [[maybe_unused]] std::int64_t first, [[maybe_unused]] std::int64_t last) {
  if constexpr (std::is_invocable_v<const F&>)
    (*static_cast<const F*>(f))();
  else
    (*static_cast<const F*>(f))(first, last);
}
template <class F>
constexpr auto copy_of_closure() -> void (*)(void*, const void*) {
  if constexpr (std::is_trivially_copyable_v<F> && std::is_copy_constructible_v<F>)
    return &copy_closure<F>;
  else
    return nullptr;
}
template <class F>
inline constexpr Closure closure_of = {sizeof(F), copy_of_closure<F>(), &call_closure<F>};

/// The door where somebody listens or work is large: see `launch`.
///
/// What runs again in a replay is a copy of f: a closure that holds its pointers and numbers by value can be
/// recorded, one that refers to variables of its caller is refused.
[[gnu::cold]] void launch_blocks(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size,
                                 const void* f, const Closure& closure);

/// The door of a kernel that is cut into blocks of its own: runs f(first, last) for the blocks [0, size),
/// [size, 2 size), ... of [0, n), on several threads, as parallel_for does, and tells those who listen.
/// Kernels that a kernel calls are a part of it, and not heard.
template <class F>
void launch(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size, const F& f) {
  if (longest_unheard != 0) [[likely]]
    return parallel_for(n, size, f);
  launch_blocks(kernel, work, n, size, &f, closure_of<F>);
}

/// The door of a pass over n elements for which runs_unheard(n) is false, out of the way of those for which
/// it is true:
///
///     template <bool is_block = false, class T, class F>
///     void map_loop(std::int64_t n, T* o, const T* x, F f) {
///       if constexpr (!is_block)
///         if (!runs_unheard(n)) [[unlikely]]
///           return launch_pass(kernel, work, n, [=](std::int64_t first, std::int64_t last) {
///             map_loop<true>(last - first, o + first, x + first, f);
///           });
///       for (std::int64_t i = 0; i < n; ++i) o[i] = f(x[i]);
///     }
///
/// The block is another instance of the loop, so that each has one caller, into which it is inlined.
template <class F>
[[gnu::cold, gnu::noinline]] void launch_pass(const Kernel& kernel, Work work, std::int64_t n, const F& f) {
  launch_blocks(kernel, work, n, n <= large_work ? n : block_elements, &f, closure_of<F>);
}

/// The door of a pass over n elements, which is made at once, or by blocks where it is large.
template <class F>
void launch(const Kernel& kernel, Work work, std::int64_t n, const F& f) {
  if (runs_unheard(n)) [[likely]]
    f(std::int64_t{0}, n);
  else
    launch_pass(kernel, work, n, f);
}

/// The door of what is not cut into blocks, such as a call of BLAS: f().
template <class F>
void launch(const Kernel& kernel, Work work, const F& f) {
  if (longest_unheard != 0) [[likely]]
    return f();
  launch_blocks(kernel, work, 1, 1, &f, closure_of<F>);
}

/// Hears every kernel that is run by the thread that made it, as long as it lives. Listeners nest, and all of
/// them hear.
class KernelListener {
 public:
  KernelListener();
  KernelListener(const KernelListener&) = delete;
  KernelListener& operator=(const KernelListener&) = delete;
  virtual ~KernelListener();

  /// A run is over that began and ended at these times, in nanoseconds of the steady clock; n is its extent.
  /// Does not throw: what was computed is there.
  virtual void hear(const Kernel& kernel, Work work, std::int64_t n, std::int64_t begin,
                    std::int64_t end) noexcept = 0;

  KernelListener* outer() const { return outer_; }

  /// No kernel of this thread is heard until the end of its scope.
  class Pause {
   public:
    Pause() : before_(longest_unheard) { longest_unheard = large_work; }
    ~Pause() { longest_unheard = before_; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    std::uint64_t before_;
  };

 private:
  KernelListener* outer_;
};

}  // namespace xgrad::detail
