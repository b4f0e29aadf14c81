#include "xgrad/core/launch.hpp"

#include <chrono>
#include <utility>

#include "tensor/capture.hpp"

namespace xgrad::detail {

constinit thread_local std::uint64_t longest_unheard = large_work;

namespace {

constinit thread_local KernelListener* innermost = nullptr;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

KernelListener::KernelListener() : outer_(std::exchange(innermost, this)) { longest_unheard = 0; }

KernelListener::~KernelListener() {
  for (KernelListener** at = &innermost; *at; at = &(*at)->outer_)
    if (*at == this) {
      *at = outer_;
      break;
    }
  if (!innermost) longest_unheard = large_work;
}

void launch_blocks(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size, const void* f,
                   const Closure& closure) {
  if (n <= 0) return;
  if (longest_unheard != 0) return run_blocks(n, size, f, closure.call);
  const NotedRun noted(kernel, work, n, size, f, closure);
  const std::int64_t begin = now();
  {
    const KernelListener::Pause pause;
    run_blocks(n, size, f, closure.call);
  }
  const std::int64_t end = now();
  for (KernelListener* l = innermost; l; l = l->outer()) l->hear(kernel, work, n, begin, end);
}

}  // namespace xgrad::detail
