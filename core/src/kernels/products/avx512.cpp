// Products with AVX-512; compiled with the instructions' flags in every build: see CMakeLists.txt.

#if defined(__x86_64__)
#define XGRAD_REGISTER_BYTES 64
#include "kernels/products/blocked.hpp"

namespace xgrad::detail {
const InstructionSet avx512 = {"AVX-512", kernels<float>, kernels<double>};
}
#endif
