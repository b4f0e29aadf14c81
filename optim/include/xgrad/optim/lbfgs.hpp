#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "xgrad/optim/with_options.hpp"

namespace xgrad::optim {

/// How far LBFGS goes in a direction: by its rate, or to where the strong Wolfe conditions hold.
enum class LineSearch : std::uint8_t { none, strong_wolfe };

struct LbfgsOptions {
  double lr = 1;
  int max_iter = 20;               ///< directions in a step
  int max_eval = 0;                ///< losses after which a step ends; 0: max_iter * 5 / 4
  double tolerance_grad = 1e-7;    ///< a step ends where no element of the gradient is larger
  double tolerance_change = 1e-9;  ///< or where no parameter, or the loss, changes by more
  int history_size = 100;          ///< pairs of differences that are remembered, in float64
  LineSearch line_search_fn = LineSearch::none;
  bool maximize = false;  ///< go up along the gradient
  bool error_if_nonfinite =
      false;  ///< a step throws Error, and goes back to where it began, when a gradient is inf or nan

  bool operator==(const LbfgsOptions&) const = default;
};

/// L-BFGS, Liu and Nocedal, 1989, as PyTorch has it: for losses that are the same each time they are
/// computed, of all data, with few parameters. One step takes up to max_iter directions, for which it needs
/// the loss and the gradient at other places:
///
///     optim::LBFGS lbfgs(model, {.line_search_fn = optim::LineSearch::strong_wolfe});
///     lbfgs.step([&] {
///       lbfgs.zero_grad();
///       const Tensor loss = nn::mse_loss(model(x), y);
///       loss.backward();
///       return loss;
///     });
///
/// A direction is d = -H g, where H is made of the last changes s of the parameters and y of their gradients,
/// as far as s.y > 1e-10, by the two loops of Nocedal, 1980, from the multiple s.y / y.y of the identity. The
/// first one goes by lr min(1, 1 / sum |g|), later ones by lr, or with a line search from there to a place
/// where loss and slope have fallen enough (c1 = 1e-4, c2 = 0.9; at most 25 losses). A loss of inf or nan is
/// one that is too large.
///
/// What it computes with are numbers of float64, whatever the parameters are. It has one group: its
/// directions are of all parameters.
class LBFGS : public WithOptions<LbfgsOptions> {
 public:
  explicit LBFGS(const Parameters& parameters, LbfgsOptions options = {});
  template <detail::Number N>
  LBFGS(const Parameters& parameters, N lr)
      : LBFGS(parameters, LbfgsOptions{.lr = static_cast<double>(lr)}) {}

  /// Calls f, which computes the loss and its gradients and returns the loss, as often as it needs; returns
  /// the first loss. Where f throws, or what it gives is no loss of these parameters, the parameters go back
  /// to where they were, and what was remembered of the gradients is forgotten.
  Tensor step(const std::function<Tensor()>& f);
  /// Throws Error: a step needs a function.
  [[noreturn]] void step() override;

  void visit(Visitor& v) override;

 private:
  /// A place on the way, and the gradient there.
  struct Point {
    double loss = 0;
    Tensor gradient;
  };

  void update(Slot&, const Tensor&, std::size_t, double) override {}
  void visit_group(Visitor& v, std::size_t group) override;
  void check(const LbfgsOptions& options) const override;
  void check_change(const LbfgsOptions& before, const LbfgsOptions& now) const override;
  Remembered remembered(const LbfgsOptions&) const override;

  void check_state() const;
  std::size_t pairs() const;
  void forget();
  Point evaluate(const std::function<Tensor()>& f, Tensor* loss = nullptr);
  Tensor gather() const;
  void move(const Tensor& from, double t);
  void iterate(const std::function<Tensor()>& f, Point now);
  void remember(const Tensor& gradient);
  void turn(const Tensor& gradient);
  int advance(const std::function<Tensor()>& f, Point& now, double slope, bool last);

  std::int64_t size_ = 0;  ///< the number of all elements
  std::int64_t func_evals_ = 0, n_iter_ = 0;
  double t_ = 0, h_diag_ = 1, prev_loss_ = 0;
  Tensor d_, prev_gradient_;         ///< the last direction, and the gradient where it began
  std::vector<Tensor> dirs_, stps_;  ///< y and s, the oldest first
  std::vector<double> ro_;           ///< 1 / (s.y)
  std::vector<double> shares_;       ///< what the first of the two loops keeps for the second
};

}  // namespace xgrad::optim
