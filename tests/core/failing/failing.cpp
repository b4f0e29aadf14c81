#include "core/failing/failing.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

constinit thread_local int left = -1;  // allocations until one fails; below 0: none does
constinit thread_local bool has_failed = false;

constinit std::atomic<std::int64_t> live = 0;  // blocks of operator new

bool fails() {
  if (left < 0 || left-- > 0) return false;
  has_failed = true;
  return true;
}

}  // namespace

// The linker sends the library's calls of posix_memalign here: see tests/CMakeLists.txt.
extern "C" int __real_posix_memalign(void** p, std::size_t alignment, std::size_t bytes);
extern "C" int __wrap_posix_memalign(void** p, std::size_t alignment, std::size_t bytes) {
  return fails() ? ENOMEM : __real_posix_memalign(p, alignment, bytes);
}

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* p = fails() ? nullptr : std::malloc(bytes);
  if (!p) throw std::bad_alloc();
  ++live;
  return p;
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  void* p = fails() ? nullptr : std::malloc(bytes);
  live += p != nullptr;
  return p;
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  live -= p != nullptr;
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

namespace xgrad::test {

FailingAllocation::FailingAllocation(int n) {
  left = n;
  has_failed = false;
}
FailingAllocation::~FailingAllocation() { left = -1; }
bool FailingAllocation::failed() const { return has_failed; }

std::int64_t live_blocks() { return live; }

}  // namespace xgrad::test

TEST_CASE("allocations fail when they are told to") {
  bool thrown = false;
  {
    const xgrad::test::FailingAllocation failing(1);
    void* const first = ::operator new(100);  // by name: clang leaves out a new-expression of no use
    try {
      ::operator delete(::operator new(100));
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    ::operator delete(first);
  }

  CHECK(thrown);
}
