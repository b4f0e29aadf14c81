// Compiled with -mavx512f -mavx512vl.
#include "kernels/products/blocked.hpp"

namespace xgrad::detail {
const InstructionSet avx512 = {"AVX-512", kernels<float>, kernels<double>};
}
