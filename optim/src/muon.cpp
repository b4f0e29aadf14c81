#include "xgrad/optim/muon.hpp"

#include <algorithm>
#include <cmath>

#include "adam_pass.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/reduce.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel momentum_kernel = {.name = "muon_momentum",
                                            .elementwise = true,
                                            .owner = "Muon.step"},
                         kernel = {.name = "muon", .elementwise = true, .owner = "Muon.step"},
                         adamw_kernel = {.name = "muon_adamw", .elementwise = true, .owner = "Muon.step"};

bool is_matrix(const Tensor& parameter) { return parameter.dim() == 2; }

/// Takes the gradient into the momentum m; gives the direction u.
template <class T>
void accumulate(std::span<T> u, const T* g, T* m, T sign, T momentum, T intake, bool nesterov) {
  for (std::size_t i = 0; i < u.size(); ++i) {
    const T d = intake * sign * g[i], mean = momentum * m[i] + d;
    m[i] = mean;
    u[i] = nesterov ? d + momentum * mean : mean;
  }
}

/// The matrix with the singular vectors of u whose singular values are all about 1, by an iteration that is
/// a polynomial of odd powers of X: it is applied to each singular value. Of the two products X X^T and X^T
/// X, the smaller one is made.
Tensor orthogonal(const Tensor& u, int steps) {
  const bool tall = u.size(0) > u.size(1);
  Tensor x = tall ? u.t() : u;
  x.mul_(1 / (norm(x).item() + 1e-7));
  for (int i = 0; i < steps; ++i) {
    const Tensor a = linear(x, x);
    Tensor polynomial = matmul(a, a);
    polynomial.mul_(2.0315).add_(a, -4.7750);
    const Tensor change = matmul(polynomial, x);
    x.mul_(3.4445).add_(change);
  }
  return tall ? x.t() : x;
}

}  // namespace

Muon::Muon(const Parameters& parameters, MuonOptions options) : WithOptions("Muon") {
  add_group(parameters, options);
}

void Muon::check(const MuonOptions& o) const {
  detail::check_adam("Muon", o.lr, {}, 0, o.weight_decay);
  detail::check_below_one("Muon", "momentum", o.momentum);
  if (o.ns_steps < 1) throw Error("Muon: ns_steps must be at least 1: got " + std::to_string(o.ns_steps));
  detail::check_not_negative("Muon", "adamw_rate", o.adamw_rate);
  detail::check_below_one("Muon", "adamw_betas.first", o.adamw_betas.first);
  detail::check_below_one("Muon", "adamw_betas.second", o.adamw_betas.second);
  detail::check_not_negative("Muon", "adamw_eps", o.adamw_eps);
}

Optimizer::Remembered Muon::remembered(const MuonOptions&) const {
  return {.tensors = {"momentum_buffer", "exp_avg", "exp_avg_sq"}, .numbers = {}};
}

void Muon::prepare(Slot& slot, const MuonOptions&) const {
  if (is_matrix(slot.parameter))
    slot.state[1] = slot.state[2] = Tensor();
  else
    slot.state[0] = Tensor();
}

void Muon::visit_group(Visitor& v, std::size_t group) {
  MuonOptions& o = options(group);
  v("momentum", o.momentum), v("nesterov", o.nesterov), v("ns_steps", o.ns_steps);
  v("weight_decay", o.weight_decay), v("adamw_rate", o.adamw_rate);
  v("adamw_betas.0", o.adamw_betas.first), v("adamw_betas.1", o.adamw_betas.second);
  v("adamw_eps", o.adamw_eps), v("maximize", o.maximize);
}

void Muon::update(Slot& slot, const Tensor& gradient, std::size_t group, double lr) {
  const MuonOptions& o = options(group);
  if (!is_matrix(slot.parameter)) {
    const detail::AdamRule rule{.lr = lr * o.adamw_rate,
                                .betas = o.adamw_betas,
                                .corrections = corrections_.at(o.adamw_betas, slot.steps),
                                .eps = o.adamw_eps,
                                .weight_decay = o.weight_decay,
                                .decoupled = true,
                                .amsgrad = false,
                                .maximize = o.maximize};
    return detail::adam_pass(adamw_kernel, rule, slot.parameter, gradient, std::span(slot.state).subspan(1));
  }
  if (slot.parameter.numel() == 0) return;

  Tensor u = empty_like(slot.parameter);
  detail::update_pass<1>(momentum_kernel, u, gradient, slot.state,
                         [&]<class T>(std::span<T> part, const T* g, std::array<T*, 1> s) {
                           const auto as = [](double v) { return static_cast<T>(v); };
                           accumulate(part, g, s[0], as(detail::sign_of(o.maximize)), as(o.momentum),
                                      as(1 - o.momentum), o.nesterov);
                         });
  const double shape = static_cast<double>(u.size(0)) / static_cast<double>(u.size(1));
  const double rate = lr * std::sqrt(std::max(1.0, shape)), kept = 1 - lr * o.weight_decay;
  detail::update_pass<0>(kernel, slot.parameter, orthogonal(u, o.ns_steps), {},
                         [&]<class T>(std::span<T> p, const T* x, std::array<T*, 0>) {
                           for (std::size_t i = 0; i < p.size(); ++i)
                             p[i] = static_cast<T>(kept) * p[i] - static_cast<T>(rate) * x[i];
                         });
}

}  // namespace xgrad::optim
