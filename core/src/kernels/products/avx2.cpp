// Products with AVX2 and FMA, which every build may use.

#if defined(__x86_64__)
#define XGRAD_REGISTER_BYTES 32
#include "kernels/products/blocked.hpp"

namespace xgrad::detail {
const InstructionSet avx2 = {"AVX2", kernels<float>, kernels<double>};
}
#endif
