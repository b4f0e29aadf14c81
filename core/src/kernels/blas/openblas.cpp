#include "kernels/blas/openblas.hpp"

#include <cblas.h>
#include <sys/single_threaded.h>

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <iterator>

// OpenBLAS reads OPENBLAS_CORETYPE when it is loaded, which is before anything of ours runs. But it keeps its
// kernels behind a pointer, and the functions that set it are in its dynamic symbols: these make it choose
// once more, as long as nobody else can be at work in it, that is, where the process has no thread but this
// one and those that OpenBLAS's pthread build starts when it is loaded. Loading it by dlopen after setting
// the variable would do without them, and would mean a table of all functions of BLAS and LAPACK that are
// used, and a second OpenBLAS in a process that has one already.

extern "C" {
// Of builds for several processors; null in others.
[[gnu::weak]] void gotoblas_dynamic_init();
[[gnu::weak]] void gotoblas_dynamic_quit();
}

namespace xgrad::detail {

namespace {

constexpr const char* variable = "OPENBLAS_CORETYPE";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (std::string_view other : names)
    if (name == other) return true;
  return false;
}

/// Bits of the registers that kernels use.
int width_of(std::string_view kernels) {
  if (is_one_of(kernels, {"SkylakeX", "Cooperlake", "SapphireRapids"})) return 512;
  if (is_one_of(kernels, {"Haswell", "Zen"})) return 256;
  if (is_one_of(kernels, {"Sandybridge", "Bulldozer", "Piledriver", "Steamroller", "Excavator"})) return 255;
  return 128;
}

bool nobody_else_runs() {
  if (__libc_single_threaded) return true;
  if (openblas_get_parallel() != OPENBLAS_THREAD) return false;
  std::error_code none;
  const std::filesystem::directory_iterator threads("/proc/self/task", none);
  return !none && std::distance(begin(threads), end(threads)) <= openblas_get_num_threads();
}

}  // namespace

Features processor_features() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return {avx2, avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl")};
#else
  return {false, false};
#endif
}

const char* better_kernels(std::string_view chosen, Features has) {
  const int width = width_of(chosen);
  if (has.avx512 && width < 512) return "SkylakeX";
  return has.avx2 && width < 256 ? "Haswell" : nullptr;
}

const char* choose_openblas_kernels() {
  if (std::getenv(variable)) return nullptr;  // the user has chosen
  const char* better = better_kernels(openblas_get_corename(), processor_features());
  if (!better) return nullptr;
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit || !nobody_else_runs()) return better;
  setenv(variable, better, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);
  return nullptr;
}

}  // namespace xgrad::detail
