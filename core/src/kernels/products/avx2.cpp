// Compiled with -mavx2 -mfma.
#include "kernels/products/blocked.hpp"

namespace xgrad::detail {
const InstructionSet avx2 = {"AVX2", kernels<float>, kernels<double>};
}
