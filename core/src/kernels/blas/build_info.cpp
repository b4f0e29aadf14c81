#include "xgrad/core/build_info.hpp"

#include <cblas.h>

#include <ostream>

#include "kernels/products/product.hpp"
#include "xgrad/core/threads.hpp"

namespace xgrad {

namespace {

std::string openblas() {
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  const int kind = openblas_get_parallel();
  return config.substr(0, config.find(' ', config.find(' ') + 1)) + (kind == OPENBLAS_OPENMP   ? ", OpenMP"
                                                                     : kind == OPENBLAS_THREAD ? ", pthreads"
                                                                                               : ", serial");
}

}  // namespace

BuildInfo build_info() {
  return {
    .version = XGRAD_VERSION,
#if defined(__clang__)
    .compiler = __VERSION__,
#else
    .compiler = "g++ " __VERSION__,
#endif
    .build_type = XGRAD_BUILD_TYPE, .flags = XGRAD_FLAGS, .products = detail::instruction_set().name,
    .blas = openblas(), .blas_kernels = openblas_get_corename(), .threads = num_threads()
  };
}

std::ostream& operator<<(std::ostream& out, const BuildInfo& info) {
  return out << "xgrad         " << info.version << "\ncompiler      " << info.compiler << "\nbuild type    "
             << info.build_type << "\nflags         " << info.flags << "\nproducts      " << info.products
             << "\nBLAS          " << info.blas << "\nBLAS kernels  " << info.blas_kernels
             << "\nthreads       " << info.threads << "\n";
}

}  // namespace xgrad
