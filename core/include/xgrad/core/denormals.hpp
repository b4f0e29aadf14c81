#pragma once

namespace xgrad {

/// Whether numbers below the normal ones, 1.2e-38 in float32 and 2.2e-308 in float64, count as 0 for the
/// calling thread: as operands and as results. Returns false, and changes nothing, where the processor
/// cannot.
///
/// Arithmetic on such numbers is up to 200 times slower on some processors: a signal that decays in a deep
/// net, or weights that go to 0, meet it. With the flag they become 0 there, and nothing else changes: but
/// x - y may be 0 for x != y, and a gradient check around such numbers sees steps.
///
/// The flag is the thread's, as the processor has it; threads that share an op's work take it from the thread
/// that called the op, and a thread that is started takes it from the one that starts it. Decompositions by
/// OpenBLAS and all of the thread's own code follow it too. PyTorch's set_flush_denormal.
bool set_flush_denormals(bool on);
bool flush_denormals();

namespace detail {

/// The processor's register of floating-point modes, of the calling thread.
unsigned floating_point_modes();
void set_floating_point_modes(unsigned modes);

}  // namespace detail
}  // namespace xgrad
