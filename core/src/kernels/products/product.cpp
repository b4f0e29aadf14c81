#include "kernels/products/product.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kernels/products/packed.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/launch.hpp"
#include "xgrad/core/threads.hpp"

namespace xgrad::detail {

namespace {

constexpr Kernel pack_kernel = {.name = "pack_matrix"};

const InstructionSet& choose() {
#if defined(__x86_64__)
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
  const char* variable = std::getenv("XGRAD_KERNELS");
  const std::string_view asked = variable ? variable : "";
  if (asked == "avx2") return avx2;
  if (asked.empty() || (asked == "avx512" && has_avx512)) return has_avx512 ? avx512 : avx2;
  throw Error(
      "matmul: the environment variable XGRAD_KERNELS must be avx2, avx512 where the processor has it, or "
      "unset, for the best that it has: it is \"" +
      std::string(asked) + "\"");
#else
  return generic;
#endif
}

const ProductKernels<float>& kernels_of(float) { return instruction_set().f32; }
const ProductKernels<double>& kernels_of(double) { return instruction_set().f64; }

template <class T>
void run_alone(const ProductKernels<T>& kernels, const MatrixProduct<T>& p) {
  const std::int64_t room = kernels.room(p);
  const Workspace<T> work = room > 0 ? Workspace<T>(room) : Workspace<T>();
  kernels.multiply(p, room > 0 ? work.data() : nullptr);
}

/// Products of two numbers that are worth a thread of their own.
constexpr double shared_product = 1 << 19;

/// The part of the product that has these rows and columns.
template <class T>
MatrixProduct<T> part_of(MatrixProduct<T> p, std::int64_t i, std::int64_t m, std::int64_t j, std::int64_t n) {
  p.m = m, p.n = n;
  p.a += p.transpose_a ? i : i * p.lda;
  p.c += i * p.ldc + j;
  if (p.bias) p.bias += p.bias_of_rows ? i : j;
  p.first += j;
  return p;
}

/// What is left of a product without terms.
template <class T>
void multiply_nothing(const MatrixProduct<T>& p) {
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < p.n; ++j) {
      T& c = p.c[i * p.ldc + j];
      const T x = p.add ? c : p.bias ? p.bias[p.bias_of_rows ? i : j] : T(0);
      c = p.relu && x < 0 ? T(0) : x;
    }
}

template <class T>
void run(const MatrixProduct<T>& p) {
  const ProductKernels<T>& kernels = kernels_of(T());
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0) return multiply_nothing(p);
  const double size = static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  const int threads = size < 2 * shared_product ? 1 : free_threads();
  if (threads == 1) return run_alone(kernels, p);
  // Whole tiles, and the side on which more of them lie; no more parts than are worth a thread. What is no
  // whole tile goes to the last part: there panels are as wide as in the whole product, and as packed.
  const bool by_rows = p.m >= 8 * kernels.rows && p.m >= p.n / 4;
  const std::int64_t unit = by_rows ? kernels.rows : kernels.columns, side = by_rows ? p.m : p.n;
  const std::int64_t units = std::max<std::int64_t>(side / unit, 1);
  const std::int64_t parts =
      std::min({units, static_cast<std::int64_t>(size / shared_product), 2 * std::int64_t{threads}});
  parallel_for(parts, 1, [&](std::int64_t i, std::int64_t) {
    const std::int64_t first = units * i / parts * unit,
                       last = i + 1 == parts ? side : units * (i + 1) / parts * unit;
    run_alone(kernels,
              by_rows ? part_of(p, first, last - first, 0, p.n) : part_of(p, 0, p.m, first, last - first));
  });
}

}  // namespace

const InstructionSet& instruction_set() {
  static const InstructionSet& chosen = choose();
  return chosen;
}

void multiply(const MatrixProduct<float>& p) { run(p); }
void multiply(const MatrixProduct<double>& p) { run(p); }

template <class T>
PackedMatrix<T>::PackedMatrix(bool transpose_b, std::int64_t n, std::int64_t k, const T* b, std::int64_t ldb)
    : columns_(kernels_of(T()).packed_columns(n)), memory_(columns_ * k) {
  launch(pack_kernel, {.bytes = (n + columns_) * k * std::int64_t{sizeof(T)}},
         [&] { kernels_of(T()).pack(transpose_b, n, k, b, ldb, memory_.data()); });
}
template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace xgrad::detail
