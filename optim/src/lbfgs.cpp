#include "xgrad/optim/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "flat.hpp"
#include "line_search.hpp"
#include "options_check.hpp"
#include "pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim {

namespace {

constexpr detail::Kernel gather_kernel = {.name = "lbfgs_gather", .elementwise = true, .owner = "LBFGS.step"},
                         move_kernel = {.name = "lbfgs_move", .elementwise = true, .owner = "LBFGS.step"};

void check_count(const char* option, int n, int least) {
  if (n < least)
    throw Error("LBFGS: " + std::string(option) + " must be at least " + std::to_string(least) + ": got " +
                std::to_string(n));
}

/// Writes the elements of t, times a factor, to `to`.
void write_to(double* to, const Tensor& t, double factor) {
  detail::with_type(t.dtype(), [&]<class T>(T) {
    const T* from = t.data<T>().data();
    const std::span<double> all(to, static_cast<std::size_t>(t.numel()));
    detail::each_part(gather_kernel, 2, all, [=](std::int64_t first, std::span<double> part) {
      for (std::size_t i = 0; i < part.size(); ++i)
        part[i] = factor * static_cast<double>(from[first + static_cast<std::int64_t>(i)]);
    });
  });
}

}  // namespace

LBFGS::LBFGS(const Parameters& parameters, LbfgsOptions options) : WithOptions("LBFGS") {
  add_group(parameters, options);
  each_slot([&](Slot& slot, std::size_t) { size_ += slot.parameter.numel(); });
  const auto pairs = static_cast<std::size_t>(options.history_size);
  dirs_.resize(pairs), stps_.resize(pairs), ro_.resize(pairs), shares_.resize(pairs);
}

void LBFGS::check(const LbfgsOptions& o) const {
  detail::check_not_negative("LBFGS", "lr", o.lr);
  check_count("max_iter", o.max_iter, 1);
  check_count("max_eval", o.max_eval, 0);
  detail::check_not_negative("LBFGS", "tolerance_grad", o.tolerance_grad);
  detail::check_not_negative("LBFGS", "tolerance_change", o.tolerance_change);
  check_count("history_size", o.history_size, 1);
}

void LBFGS::check_change(const LbfgsOptions& before, const LbfgsOptions& now) const {
  if (before.history_size != now.history_size)
    throw Error("LBFGS: history_size cannot go from " + std::to_string(before.history_size) + " to " +
                std::to_string(now.history_size) +
                " once the optimizer is made, for it decides what is remembered; make one with it");
}

Optimizer::Remembered LBFGS::remembered(const LbfgsOptions&) const {
  if (group_count() > 0)
    throw Error(
        "LBFGS: it has one group, for its directions are of all parameters; list all of them where it is "
        "made");
  return {};
}

void LBFGS::visit_group(Visitor& v, std::size_t group) {
  LbfgsOptions& o = options(group);
  v("max_iter", o.max_iter), v("max_eval", o.max_eval), v("tolerance_grad", o.tolerance_grad);
  v("tolerance_change", o.tolerance_change), v.fixed("history_size", std::int64_t{o.history_size});
  v.fixed("line_search_fn", std::string(o.line_search_fn == LineSearch::none ? "none" : "strong_wolfe"));
  v("maximize", o.maximize);
}

void LBFGS::visit(Visitor& v) {
  WithOptions::visit(v);
  v.in("lbfgs", [&] {
    v("func_evals", func_evals_), v("n_iter", n_iter_), v("t", t_), v("H_diag", h_diag_);
    v("prev_loss", prev_loss_), v.lazy("d", d_), v.lazy("prev_flat_grad", prev_gradient_);
    v.in("old_dirs", [&] {
      for (std::size_t i = 0; i < dirs_.size(); ++i) v.lazy(std::to_string(i), dirs_[i]);
    });
    v.in("old_stps", [&] {
      for (std::size_t i = 0; i < stps_.size(); ++i) v.lazy(std::to_string(i), stps_[i]);
    });
  });
  v.check([this] { check_state(); });
  v.loaded([this] {
    for (std::size_t i = 0; i < pairs(); ++i) ro_[i] = 1 / detail::dot(dirs_[i], stps_[i]);
  });
}

void LBFGS::check_state() const {
  const auto fits = [this](const Tensor& t) {
    return t.defined() && t.dtype() == float64 && t.shape() == Shape{size_};
  };
  bool good = n_iter_ >= 0 && func_evals_ >= n_iter_ &&
              (n_iter_ == 0 ? !d_.defined() && !prev_gradient_.defined() : fits(d_) && fits(prev_gradient_));
  for (std::size_t i = 0; i < dirs_.size(); ++i)
    good &= i < pairs() ? fits(dirs_[i]) && fits(stps_[i]) : !dirs_[i].defined() && !stps_[i].defined();
  if (!good)
    throw Error("LBFGS: what is loaded is not the state of an LBFGS of " + std::to_string(size_) +
                " numbers; it must have been saved by one of the same parameters");
}

std::size_t LBFGS::pairs() const {
  const auto end = std::find_if(dirs_.begin(), dirs_.end(), [](const Tensor& t) { return !t.defined(); });
  return static_cast<std::size_t>(end - dirs_.begin());
}

void LBFGS::forget() {
  n_iter_ = 0;
  h_diag_ = 1;
  d_ = prev_gradient_ = Tensor();
  std::fill(dirs_.begin(), dirs_.end(), Tensor());
  std::fill(stps_.begin(), stps_.end(), Tensor());
}

void LBFGS::step() {
  throw Error(
      "LBFGS: a step needs a function that computes the loss; write lbfgs.step([&] { ... return loss; })");
}

Tensor LBFGS::step(const std::function<Tensor()>& f) {
  if (group_count() > 0) check_options(0);
  const Tensor start = gather();
  try {
    Tensor loss;
    const Point first = evaluate(f, &loss);
    if (!(detail::largest(first.gradient) <= options().tolerance_grad)) iterate(f, first);
    return loss;
  } catch (...) {
    d_ = Tensor();
    move(start, 0);
    forget();
    throw;
  }
}

LBFGS::Point LBFGS::evaluate(const std::function<Tensor()>& f, Tensor* loss) {
  const Tensor value = f();
  ++func_evals_;
  if (!value.defined() || value.numel() != 1)
    throw Error("LBFGS: the function must return the loss, one number: it gave " +
                (value.defined() ? value.describe() : std::string("an undefined tensor")));
  check_step();
  if (loss) *loss = value;
  const double sign = detail::sign_of(options().maximize);
  Point point{sign * value.item(), zeros({size_}, {.dtype = float64})};
  double* to = point.gradient.mutable_data<double>().data();
  each_slot([&](Slot& slot, std::size_t) {
    if (const Tensor g = slot.parameter.grad(); g.defined()) write_to(to, g, sign);
    to += slot.parameter.numel();
  });
  return point;
}

Tensor LBFGS::gather() const {
  Tensor all = empty({size_}, {.dtype = float64});
  double* to = all.mutable_data<double>().data();
  for (const Tensor& p : parameters()) {
    write_to(to, p, 1);
    to += p.numel();
  }
  return all;
}

/// Puts the parameters at from + t d; without a direction, at `from`.
void LBFGS::move(const Tensor& from, double t) {
  const NoGrad guard;
  const double* x = from.data<double>().data();
  const double* d = d_.defined() ? d_.data<double>().data() : x;
  each_slot([&](Slot& slot, std::size_t) {
    detail::with_type(slot.parameter.dtype(), [&]<class T>(T) {
      detail::each_part(move_kernel, 3, slot.parameter.mutable_data<T>(),
                        [=](std::int64_t first, std::span<T> p) {
                          const double *from_x = x + first, *from_d = d + first;
                          for (std::size_t i = 0; i < p.size(); ++i)
                            p[i] = static_cast<T>(t == 0 ? from_x[i] : from_x[i] + t * from_d[i]);
                        });
    });
    x += slot.parameter.numel(), d += slot.parameter.numel();
  });
}

void LBFGS::iterate(const std::function<Tensor()>& f, Point now) {
  const LbfgsOptions o = options();
  const int most = o.max_eval > 0 ? o.max_eval : o.max_iter * 5 / 4;
  int evaluated = 1;
  for (int i = 1; i <= o.max_iter; ++i) {
    ++n_iter_;
    if (n_iter_ == 1)
      d_ = detail::mixed(-1, now.gradient, 0, now.gradient);
    else
      remember(now.gradient), turn(now.gradient);
    prev_gradient_ = now.gradient;
    prev_loss_ = now.loss;
    t_ = n_iter_ == 1 ? std::min(1.0, 1 / detail::sum_of_sizes(now.gradient)) * o.lr : o.lr;
    const double slope = detail::dot(now.gradient, d_);
    if (!(slope <= -o.tolerance_change)) return;
    evaluated += advance(f, now, slope, i == o.max_iter);
    if (evaluated >= most || detail::largest(now.gradient) <= o.tolerance_grad ||
        detail::largest(d_) * t_ <= o.tolerance_change ||
        std::abs(now.loss - prev_loss_) < o.tolerance_change)
      return;
  }
}

/// Keeps the last changes of the parameters and of the gradient.
void LBFGS::remember(const Tensor& gradient) {
  const Tensor y = detail::mixed(1, gradient, -1, prev_gradient_), s = detail::mixed(t_, d_, 0, d_);
  const double product = detail::dot(y, s);
  if (!(product > 1e-10)) return;
  std::size_t place = pairs();
  if (place == dirs_.size()) {
    std::rotate(dirs_.begin(), dirs_.begin() + 1, dirs_.end());
    std::rotate(stps_.begin(), stps_.begin() + 1, stps_.end());
    std::rotate(ro_.begin(), ro_.begin() + 1, ro_.end());
    --place;
  }
  dirs_[place] = y, stps_[place] = s, ro_[place] = 1 / product;
  h_diag_ = product / detail::dot(y, y);
}

/// d = -H gradient, by two loops over the pairs.
void LBFGS::turn(const Tensor& gradient) {
  d_ = detail::mixed(-1, gradient, 0, gradient);
  const std::size_t n = pairs();
  for (std::size_t i = n; i-- > 0;) {
    shares_[i] = detail::dot(stps_[i], d_) * ro_[i];
    detail::add_to(d_, -shares_[i], dirs_[i]);
  }
  d_.mul_(h_diag_);
  for (std::size_t i = 0; i < n; ++i)
    detail::add_to(d_, shares_[i] - detail::dot(dirs_[i], d_) * ro_[i], stps_[i]);
}

/// Goes along d, by t or to where a line search leads; gives the number of losses that it took.
int LBFGS::advance(const std::function<Tensor()>& f, Point& now, double slope, bool last) {
  const Tensor from = gather();
  if (options().line_search_fn == LineSearch::none) {
    move(from, t_);
    if (last) return 0;  // the next step computes the loss there
    now = evaluate(f);
    return 1;
  }
  const auto at = [&](double t) {
    move(from, t);
    const Point point = evaluate(f);
    return detail::Trial{t, point.loss, detail::dot(point.gradient, d_), point.gradient};
  };
  const auto [found, tries] =
      detail::strong_wolfe(at, {0, now.loss, slope, now.gradient}, t_,
                           {.tolerance = options().tolerance_change, .longest = detail::largest(d_)});
  move(from, found.t);
  t_ = found.t;
  now = {found.loss, found.gradient};
  return tries;
}

}  // namespace xgrad::optim
