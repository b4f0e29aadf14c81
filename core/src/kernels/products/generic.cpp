// Products with registers of 16 bytes, as most processors have.

#if !defined(__x86_64__)
#define XGRAD_REGISTER_BYTES 16
#include "kernels/products/blocked.hpp"

namespace xgrad::detail {
const InstructionSet generic = {"128 bits", kernels<float>, kernels<double>};
}
#endif
