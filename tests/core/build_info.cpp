// What the library says of its build, and the kernels that it has OpenBLAS choose.

#include "xgrad/core/build_info.hpp"

#include <doctest/doctest.h>
#include <sys/single_threaded.h>

#include <cstdlib>
#include <sstream>

#include "kernels/blas/openblas.hpp"
#include "xgrad/core.hpp"

extern "C" {
void gotoblas_dynamic_init();
void gotoblas_dynamic_quit();
}

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
TEST_CASE("OpenBLAS that runs kernels of 2004 is made to choose again, and decomposes as before") {
  if (!__libc_single_threaded) return;  // then it is left alone
  const char* held = std::getenv("OPENBLAS_CORETYPE");
  const std::string before = held ? held : "";
  const auto choose = [](const char* kernels) {
    setenv("OPENBLAS_CORETYPE", kernels, 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
  };
  const std::string own = build_info().blas_kernels;
  choose("Prescott");
  REQUIRE(build_info().blas_kernels == "Prescott");
  CHECK(detail::choose_openblas_kernels() == nullptr);  // the user has chosen
  CHECK(build_info().blas_kernels == "Prescott");

  unsetenv("OPENBLAS_CORETYPE");
  CHECK(detail::choose_openblas_kernels() == nullptr);
  CHECK(build_info().blas_kernels != "Prescott");
  CHECK(better_kernels(build_info().blas_kernels, detail::processor_features()) == nullptr);
  CHECK(std::getenv("OPENBLAS_CORETYPE") == nullptr);
  const Tensor x = randn({60, 60}, {.dtype = float64}), a = matmul(x, x.t()) + eye(60, {.dtype = float64});
  const Tensor l = cholesky(a);
  CHECK(allclose(matmul(l, l.t()), a, 1e-12, 1e-12));

  choose(own.c_str());
  before.empty() ? unsetenv("OPENBLAS_CORETYPE") : setenv("OPENBLAS_CORETYPE", before.c_str(), 1);
}

TEST_CASE("with nothing set in the environment, OpenBLAS does not run kernels that are less wide") {
  if (std::getenv("OPENBLAS_CORETYPE")) return;
  CHECK(better_kernels(build_info().blas_kernels, detail::processor_features()) == nullptr);
}
#endif
