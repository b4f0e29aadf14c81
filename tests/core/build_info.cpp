// What the library says of its build, and the kernels that it has OpenBLAS choose.

#include "xgrad/core/build_info.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "kernels/blas/openblas.hpp"
#include "xgrad/core/threads.hpp"

using namespace xgrad;
using detail::better_kernels;

TEST_CASE("build_info tells version, compiler, flags, instructions, BLAS and threads, a line for each") {
  const BuildInfo info = build_info();
  std::ostringstream out;
  out << info;
  const std::string text = out.str();

  CHECK(info.version.find('.') != info.version.npos);
  CHECK(info.flags.find("-fno-math-errno") != info.flags.npos);
  CHECK(info.blas.starts_with("OpenBLAS 0."));
  CHECK(info.threads == num_threads());
  for (const std::string& value : {info.version, info.compiler, info.build_type, info.flags, info.products,
                                   info.blas, info.blas_kernels})
    CHECK(text.find(" " + value + "\n") != text.npos);
}

TEST_CASE("OpenBLAS gets kernels that are as wide as the processor allows") {
  const detail::Features old = {false, false}, avx2 = {true, false}, avx512 = {true, true};
  const auto better = [](const char* chosen, detail::Features has) {
    const char* name = better_kernels(chosen, has);
    return std::string(name ? name : "");
  };
  CHECK(better("Prescott", old) == "");
  CHECK(better("Prescott", avx2) == "Haswell");
  CHECK(better("Prescott", avx512) == "SkylakeX");
  CHECK(better("Excavator", avx2) == "Haswell");
  CHECK(better("Zen", avx2) == "");
  CHECK(better("Haswell", avx512) == "SkylakeX");
  CHECK(better("SkylakeX", avx512) == "");
  CHECK(better("Cooperlake", avx512) == "");
  CHECK(better("Unknown", avx2) == "Haswell");
}

#if defined(__x86_64__)
TEST_CASE("with nothing set in the environment, OpenBLAS does not run kernels that are less wide") {
  if (std::getenv("OPENBLAS_CORETYPE")) return;
  CHECK(better_kernels(build_info().blas_kernels, detail::processor_features()) == nullptr);
}
#endif
