#include "xgrad/optim/adamw.hpp"

#include "adam_pass.hpp"
#include "options_check.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel kernel = {.name = "adamw", .elementwise = true, .owner = "AdamW.step"};

}  // namespace

AdamW::AdamW(const Parameters& parameters, AdamWOptions options) : WithOptions("AdamW") {
  add_group(parameters, options);
}

void AdamW::check(const AdamWOptions& o) const {
  detail::check_adam("AdamW", o.lr, o.betas, o.eps, o.weight_decay);
}

void AdamW::check_change(const AdamWOptions& before, const AdamWOptions& now) const {
  detail::check_same_use("AdamW", "amsgrad", before.amsgrad, now.amsgrad);
}

Optimizer::Remembered AdamW::remembered(const AdamWOptions& options) const {
  Remembered moments{.tensors = {"exp_avg", "exp_avg_sq"}, .numbers = {}};
  if (options.amsgrad) moments.tensors.push_back("max_exp_avg_sq");
  return moments;
}

void AdamW::visit_group(Visitor& v, std::size_t group) {
  AdamWOptions& o = options(group);
  v("betas.0", o.betas.first), v("betas.1", o.betas.second), v("eps", o.eps);
  v("weight_decay", o.weight_decay), v.fixed("amsgrad", o.amsgrad), v("maximize", o.maximize);
}

void AdamW::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const AdamWOptions& o = options(group);
  const detail::AdamRule rule{.lr = lr,
                              .betas = o.betas,
                              .corrections = corrections_.at(o.betas, slot.steps),
                              .eps = o.eps,
                              .weight_decay = o.weight_decay,
                              .decoupled = true,
                              .amsgrad = o.amsgrad,
                              .maximize = o.maximize};
  detail::adam_pass(kernel, rule, slot.parameter, gradient, slot.state);
}

}  // namespace xgrad::optim
