// lifecycle CASE: the beginning and the end of MPI, and errors of ranks, in a program of its own.

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <xgrad/parallel.hpp>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

double sum_of_ones() {
  Tensor x = ones({1});
  parallel::world().all_reduce(x);
  return x.item();
}

void say_error() {
  try {
    parallel::world();
  } catch (const Error& e) {
    std::printf("%s\n", e.what());
  }
}

int run_case(const std::string& name) {
  if (name == "started") {  // by the program, which ends it, too
    MPI_Init(nullptr, nullptr);
    std::printf("sum %g\n", sum_of_ones());
    return MPI_Finalize();
  }
  if (name == "ended") {
    MPI_Init(nullptr, nullptr);
    const parallel::Communicator world = parallel::world();
    MPI_Finalize();
    say_error();
    try {
      parallel::Communicator(world).barrier();
    } catch (const Error& e) {
      std::printf("%s\n", e.what());
    }
    return 0;
  }
  if (name == "throws")
    return parallel::run([](parallel::Communicator world) {
      if (world.rank() == 1) throw std::runtime_error("no bread");
      world.barrier();
      return 0;
    });
  if (name == "twice") {
    std::printf("sum %g, sum %g\n", sum_of_ones(), sum_of_ones());
    return 0;
  }
  say_error();  // "alone": mpirun of another MPI has started it
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc > 1 ? run_case(argv[1]) : 2; }
