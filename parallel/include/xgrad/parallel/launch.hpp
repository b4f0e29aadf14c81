#pragma once

#include <functional>

#include "xgrad/parallel/communicator.hpp"

namespace xgrad::parallel {

/// All processes that mpirun has started, one rank each; of a program that was started by itself, a world of
/// one. Starts MPI where the program has not, and ends it then when the program ends. All processes must call
/// it, as it makes a communicator of MPI of its own. Only threads that use a communicator call MPI, in turn.
///
/// Throws Error where MPI has been ended, and where mpirun belongs to another MPI than the one that the
/// library was built with.
Communicator world();

/// Calls f with the world, and ends all processes where it fails on one: an exception is written to standard
/// error, behind the rank that it comes from, and every process is ended with the exit code 1. Returns what f
/// returns: the exit code.
///
///     int main() { return parallel::run([](parallel::Communicator world) { ...; return 0; }); }
int run(const std::function<int(Communicator)>& f);

/// Calls f on `size` threads of this process, each with its own rank, and returns when all have. Where one
/// throws, the calls of the others throw too, and the first exception is thrown here as an Error that names
/// its rank.
///
/// Threads share what a process has one of, such as default_generator(): give each rank a generator of its
/// own. Throws Error for a size below 1.
void run_threads(int size, const std::function<void(Communicator)>& f);

}  // namespace xgrad::parallel
