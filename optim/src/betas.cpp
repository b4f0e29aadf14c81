#include "xgrad/optim/betas.hpp"

#include <cmath>

namespace xgrad::optim::detail {

void BiasCorrections::compute(Betas betas, std::int64_t t) {
  const auto steps = static_cast<double>(t);
  corrections_ = {1 - std::pow(betas.first, steps), 1 - std::pow(betas.second, steps)};
  betas_ = betas;
  t_ = t;
}

}  // namespace xgrad::optim::detail
