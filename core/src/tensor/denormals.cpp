#include "xgrad/core/denormals.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace xgrad {

#if defined(__x86_64__)

namespace {
constexpr unsigned flush_results = 1u << 15, zero_operands = 1u << 6;  // of MXCSR
constexpr unsigned both = flush_results | zero_operands;
}  // namespace

bool set_flush_denormals(bool on) {
  _mm_setcsr(on ? _mm_getcsr() | both : _mm_getcsr() & ~both);
  return true;
}
bool flush_denormals() { return (_mm_getcsr() & both) == both; }

unsigned detail::floating_point_modes() { return _mm_getcsr(); }
void detail::set_floating_point_modes(unsigned modes) { _mm_setcsr(modes); }

#else

bool set_flush_denormals(bool) { return false; }
bool flush_denormals() { return false; }
unsigned detail::floating_point_modes() { return 0; }
void detail::set_floating_point_modes(unsigned) {}

#endif

}  // namespace xgrad
