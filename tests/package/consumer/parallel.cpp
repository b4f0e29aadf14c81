#include "xgrad/parallel.hpp"

#include "xgrad/xgrad.hpp"

int main() {
  xgrad::parallel::run_threads(2, [](xgrad::parallel::Communicator ranks) {
    xgrad::Tensor x = xgrad::ones({3});
    ranks.all_reduce(x);
    if (x.sum().item() != 6) throw xgrad::Error("all_reduce: the sum must be 6");
  });
  return 0;
}
