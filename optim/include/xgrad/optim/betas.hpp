#pragma once

namespace xgrad::optim {

/// How much of the running means of the gradient and of its square each step keeps.
struct Betas {
  double first = 0.9;
  double second = 0.999;

  bool operator==(const Betas&) const = default;
};

}  // namespace xgrad::optim
