#include <cblas.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <string>

#include "kernels/blas/blas.hpp"
#include "kernels/blas/openblas.hpp"
#include "tensor/errors.hpp"
#include "tensor/fork.hpp"

namespace xgrad::detail {
namespace {

/// When the program is loaded: OpenBLAS is there before, and other threads not yet.
const char* const to_be_set = choose_openblas_kernels();

/// Said once, when it first matters.
void tell_of_slow_kernels() {
  if (to_be_set)
    std::fprintf(
        stderr,
        "xgrad: OpenBLAS does not know this processor and runs its kernels for %s, which are slow: set "
        "the environment variable OPENBLAS_CORETYPE=%s\n",
        openblas_get_corename(), to_be_set);
}

/// How the OpenBLAS at hand is kept on one thread.
struct Build {
  bool serial;
  Mutex one_at_a_time;
  int (*openmp_threads)() = nullptr;  // the calling thread's number; from whatever OpenMP the process has
  void (*set_openmp_threads)(int) = nullptr;

  Build() {
    tell_of_slow_kernels();
    const int kind = openblas_get_parallel();
    serial = kind == OPENBLAS_SEQUENTIAL;
    if (kind == OPENBLAS_OPENMP) {
      openmp_threads = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
      set_openmp_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    }
    if (!serial && !openmp_threads) openblas_set_num_threads(1);
  }
};

constinit std::atomic<Build*> of_process = nullptr;

Build& build() { return process_wide(of_process); }

/// OpenBLAS maps working memory for the first call and for each that runs beside others for the first time,
/// and tries for ever where there is none. So the memory is looked for beforehand, and a call that surely
/// maps it is made while it is there.
constinit std::atomic<int> calls_with_memory = 0;
constexpr std::size_t memory_of_a_call = std::size_t{136} << 20;  // 128 MiB and the allocator's margin

void find_memory(int calls) {
  void* found = mmap(nullptr, memory_of_a_call, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED)
    fail("blas",
         "out of memory: OpenBLAS asks for 128 MiB of address space for each decomposition that runs at a "
         "time: this would be number " +
             std::to_string(calls) + "; free memory, raise the limit, or see set_num_threads()");
  munmap(found, memory_of_a_call);
  const float one = 1;
  float product = 0;
  cblas_ssymm(CblasRowMajor, CblasLeft, CblasUpper, 1, 1, 1, &one, 1, &one, 1, 0, &product, 1);
  int before = calls_with_memory;
  while (before < calls && !calls_with_memory.compare_exchange_weak(before, calls)) {
  }
}

}  // namespace

BlasScope::BlasScope() : alone_(build().serial) {
  Build& b = build();
  int calls = 1;
  if (alone_)
    b.one_at_a_time.lock();
  else
    calls = Passage::enter();
  try {
    if (calls > calls_with_memory) [[unlikely]]
      find_memory(calls);
  } catch (...) {
    leave();
    throw;
  }
  if (!b.openmp_threads) return;
  openmp_threads_ = b.openmp_threads();
  if (openmp_threads_ != 1) b.set_openmp_threads(1);
}

void BlasScope::leave() {
  if (alone_)
    build().one_at_a_time.unlock();
  else
    Passage::leave();
}

BlasScope::~BlasScope() {
  if (openmp_threads_ != 1) build().set_openmp_threads(openmp_threads_);
  leave();
}

}  // namespace xgrad::detail
