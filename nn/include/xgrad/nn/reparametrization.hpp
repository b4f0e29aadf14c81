#pragma once

#include <concepts>

#include "xgrad/core/random.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/module.hpp"

// Layers whose weight is made of other tensors at each call.

namespace xgrad::nn {

/// A module with a weight, such as Linear and the convolutions.
template <class L>
concept Weighted = std::derived_from<L, Module> && requires(L& layer) {
  { layer.weight } -> std::same_as<Tensor&>;
};

namespace detail {
/// The norm of w over all axes but one, with sizes of 1 in place of these.
Tensor norm_but(const Tensor& w, int axis);
Tensor weight_by_norm(const Tensor& g, const Tensor& v, int axis);

/// The largest singular value of a weight, seen as a matrix of its rows along one axis.
struct SpectralState {
  SpectralState() = default;
  SpectralState(const Tensor& weight, int row_axis, int iterations, double small, Generator generator);
  Tensor weight(const Tensor& w, bool training) const;

  mutable Tensor u, v;
  int axis = 0, power_iterations = 1;
  double eps = 1e-12;
};
void check_weighted(const char* op, const Tensor& weight, int axis);
}  // namespace detail

/// A layer with the weight g v / |v|: direction and length are learnt apart. The norm is that of each entry
/// along an axis. Parameters are `weight_g` and `weight_v` in place of `weight`. Salimans and Kingma, 2016.
///
///     auto layer = nn::weight_norm(nn::Linear(64, 10));
template <Weighted L>
class WeightNorm : public Module {
 public:
  explicit WeightNorm(L layer, int along = 0) : layer_(std::move(layer)), axis_(along) {
    detail::check_weighted("weight_norm", layer_.weight, along);
    const NoGrad guard;
    weight_v = layer_.weight;
    weight_g = detail::norm_but(weight_v, along).requires_grad_(true);
    layer_.weight = {};
  }

  Tensor forward(const Tensor& x) const override { return filled()(x); }
  void visit(Visitor& v) override {
    layer_.visit(v);  // the bias: the weight is undefined there
    v("weight_g", weight_g), v("weight_v", weight_v);
  }
  std::string extra_repr() const override { return filled().extra_repr(); }

  Tensor weight_g, weight_v;

 private:
  L filled() const {
    L layer = layer_;
    layer.weight = detail::weight_by_norm(weight_g, weight_v, axis_);
    return layer;
  }

  L layer_;
  int axis_;
};

struct SpectralNormOptions {
  int n_power_iterations = 1;  ///< at each call in training
  double eps = 1e-12;
  int axis = 0;                               ///< the rows of the matrix
  Generator generator = default_generator();  ///< draws the first vectors
};

/// A layer with the weight w / sigma, sigma the largest singular value of w as a matrix: the layer's
/// Lipschitz constant is 1. sigma = u^T w v; each call in training first moves u and v by power iteration,
/// and no gradient goes through these. The parameter is `weight_orig` in place of `weight`, u and v are the
/// buffers `weight_u` and `weight_v`. Miyato et al., 2018.
///
///     auto layer = nn::spectral_norm(nn::Conv2d(3, 64, 3));
template <Weighted L>
class SpectralNorm : public Module {
 public:
  explicit SpectralNorm(L layer, SpectralNormOptions o = {}) : layer_(std::move(layer)) {
    detail::check_weighted("spectral_norm", layer_.weight, o.axis);
    state_ = detail::SpectralState(layer_.weight, o.axis, o.n_power_iterations, o.eps, o.generator);
    weight_orig = layer_.weight;
    layer_.weight = {};
  }

  Tensor forward(const Tensor& x) const override { return filled(is_training())(x); }
  void visit(Visitor& v) override {
    layer_.visit(v);
    v("weight_orig", weight_orig);
    v.buffer("weight_u", state_.u), v.buffer("weight_v", state_.v);
  }
  std::string extra_repr() const override { return filled(false).extra_repr(); }

  Tensor weight_orig;

 private:
  L filled(bool training) const {
    L layer = layer_;
    layer.weight = state_.weight(weight_orig, training);
    return layer;
  }

  L layer_;
  detail::SpectralState state_;
};

template <Weighted L>
WeightNorm<L> weight_norm(L layer, int axis = 0) {
  return WeightNorm<L>(std::move(layer), axis);
}
template <Weighted L>
SpectralNorm<L> spectral_norm(L layer, SpectralNormOptions options = {}) {
  return SpectralNorm<L>(std::move(layer), options);
}

}  // namespace xgrad::nn
