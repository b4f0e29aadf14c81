#pragma once

#include <iosfwd>
#include <string>

namespace xgrad {

/// How the library was built, and what it runs on: what a report of a fault or of a time should begin with.
struct BuildInfo {
  std::string version;
  std::string compiler;    ///< name and version
  std::string build_type;  ///< of CMake
  std::string flags;       ///< of the library's own sources
  std::string products;    ///< instructions that products of matrices use: see docs/performance.md
  std::string blas;        ///< version and threads of the OpenBLAS that is loaded, which decomposes matrices
  std::string blas_kernels;  ///< the processor that its kernels are made for
  int threads;               ///< see num_threads()
};

BuildInfo build_info();
/// One line for each.
std::ostream& operator<<(std::ostream& out, const BuildInfo& info);

}  // namespace xgrad
