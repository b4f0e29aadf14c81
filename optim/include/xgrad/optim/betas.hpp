#pragma once

#include <cstdint>

namespace xgrad::optim {

/// How much of the running means of the gradient and of its square each step keeps.
struct Betas {
  double first = 0.9;
  double second = 0.999;

  bool operator==(const Betas&) const = default;
};

namespace detail {

/// 1 - beta1^t and 1 - beta2^t, by which means of t gradients are too small. They are kept for the next
/// parameter, which mostly has made as many steps: two powers cost more than a step of a dozen elements.
class BiasCorrections {
 public:
  struct Pair {
    double first, second;
  };

  const Pair& at(Betas betas, std::int64_t t) {
    if (t != t_ || betas != betas_) [[unlikely]]
      compute(betas, t);
    return corrections_;
  }

 private:
  void compute(Betas betas, std::int64_t t);

  Betas betas_;
  std::int64_t t_ = -1;
  Pair corrections_{};
};

}  // namespace detail
}  // namespace xgrad::optim
