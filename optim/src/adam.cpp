#include "xgrad/optim/adam.hpp"

#include "adam_pass.hpp"
#include "options_check.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adam", .elementwise = true, .owner = "Adam.step"};

}  // namespace

Adam::Adam(const Parameters& parameters, AdamOptions options) : WithOptions("Adam") {
  add_group(parameters, options);
}

void Adam::check(const AdamOptions& o) const {
  detail::check_adam("Adam", o.lr, o.betas, o.eps, o.weight_decay);
}

void Adam::check_change(const AdamOptions& before, const AdamOptions& now) const {
  detail::check_same_use("Adam", "amsgrad", before.amsgrad, now.amsgrad);
}

Optimizer::Remembered Adam::remembered(const AdamOptions& options) const {
  Remembered moments{.tensors = {"exp_avg", "exp_avg_sq"}, .numbers = {}};
  if (options.amsgrad) moments.tensors.push_back("max_exp_avg_sq");
  return moments;
}

void Adam::visit_group(Visitor& v, std::size_t group) {
  AdamOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v.fixed("amsgrad", o.amsgrad), v("maximize", o.maximize);
}

void Adam::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdamOptions& o = options(group);
  const detail::AdamRule rule{.lr = lr,
                              .betas = o.betas,
                              .corrections = corrections_.at(o.betas, slot.steps),
                              .eps = o.eps,
                              .weight_decay = o.weight_decay,
                              .decoupled = false,
                              .amsgrad = o.amsgrad,
                              .maximize = o.maximize};
  detail::adam_pass(kernel, rule, slot.parameter, gradient, slot.state);
}

}  // namespace xgrad::optim
