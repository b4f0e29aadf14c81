#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "autodiff/listen.hpp"
#include "autodiff/pushed.hpp"
#include "ops/support/accumulate.hpp"
#include "ops/support/leaf.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

/// A call, and the tangents of its inputs.
class Pusher {
 public:
  Pusher(const Heard& call, std::span<const Tensor> tangents) : call_(call), op_(call.op), t_(tangents) {}

  std::vector<Tensor> run() const {
    if (!has_rules() && op_.jvp.by != By::linear) return {};
    switch (op_.jvp.by) {
      case By::linear:
        return linear();
      case By::bilinear:
        return bilinear();
      case By::rule:
        return by_rule();
      case By::elementwise:
        return {is_reduced() ? by_gradient() : elementwise()};
      case By::reverse:
        break;
    }
    if (call_.outputs.size() == 1 && call_.outputs[0].numel() == 1 && !op_.joint.run && !op_.again_all)
      return {by_gradient()};
    return by_reverse();
  }

 protected:
  using By = Jvp::By;

  /// Whether one number is made of more.
  bool is_reduced() const {
    const auto is_one = [](Ref x) { return x.tensor->numel() == 1; };
    return call_.outputs[0].numel() == 1 && !std::all_of(call_.inputs.begin(), call_.inputs.end(), is_one);
  }

  bool has_rules() const {
    return op_.joint.run || op_.each.run ||
           std::any_of(op_.vjp.begin(), op_.vjp.end(), [](const Rule& r) { return r.run != nullptr; });
  }

  /// Whether there is a derivative by input i.
  bool has_rule(std::size_t i) const {
    if (!is_floating(call_.inputs[i].tensor->dtype())) return false;
    if (!has_rules()) return true;  // another tensor of the same value
    return op_.joint.run || op_.each.run || (i < op_.vjp.size() && op_.vjp[i].run);
  }

  /// The op on other inputs.
  std::vector<Tensor> again(std::span<const Tensor> inputs) const {
    std::vector<TensorType> types;
    for (const Tensor& y : call_.outputs) types.push_back({y.shape(), y.dtype()});
    const Again call(inputs, call_.attributes.get(), types);
    if (op_.again_all) return op_.again_all(call);
    return {op_.again(call)};
  }

  std::vector<Tensor> inputs() const {
    std::vector<Tensor> x;
    for (Ref input : call_.inputs) x.push_back(*input.tensor);
    return x;
  }

  std::vector<Tensor> linear() const {
    std::vector<Tensor> x = inputs();
    for (std::size_t i = 0; i < x.size(); ++i)
      if (has_rule(i)) x[i] = t_[i].defined() ? t_[i] : zeros_of(x[i].shape(), x[i].dtype());
    return again(x);
  }

  std::vector<Tensor> bilinear() const {
    Tensor total;
    for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
      if (!t_[i].defined() || !has_rule(i)) continue;
      std::vector<Tensor> x = inputs();
      x[i] = t_[i];
      const bool added = i == 2;
      if (x.size() > 2 && has_rule(2)) x.resize(2);
      Tensor part = added ? expand(t_[i], call_.outputs[0].shape()) : again(x)[0];
      total = total.defined() ? total + part : std::move(part);
    }
    return {total};
  }

  /// Calls f with the call as its rules see it.
  template <class F>
  auto as_rules_see_it(F f) const {
    const Pushed pushed{{call_.inputs.data(), call_.inputs.size() + call_.scratch.size()}, call_.outputs, t_};
    Node stand_in(float32, Shape{}, 0, 0);
    const bool is_joint = op_.joint.run && op_.again_all;  // whose outputs do not hold its attributes
    stand_for(stand_in, op_, pushed, is_joint ? call_.attributes.get() : call_.outputs[0].node()->attributes);
    return f(Fn(&stand_in));
  }

  std::vector<Tensor> by_rule() const {
    return as_rules_see_it(
        [&](Fn f) { return op_.jvp.run ? std::vector<Tensor>{op_.jvp.run(f)} : op_.jvp.run_all(f); });
  }

  /// What the rule of input i gives for a cotangent g.
  Tensor rule(const Tensor& g, Fn f, std::size_t i) const {
    return op_.each.run ? op_.each.run(g, f, static_cast<int>(i)) : op_.vjp[i].run(g, f);
  }

  Tensor elementwise() const {
    return as_rules_see_it([&](Fn f) {
      const Shape& shape = call_.outputs[0].shape();
      Tensor total;
      for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
        if (!t_[i].defined() || !has_rule(i)) continue;
        Tensor part = rule(t_[i].shape() == shape ? t_[i] : expand(t_[i], shape), f, i);
        if (!part.defined()) continue;
        total = total.defined() ? total + part : std::move(part);
      }
      return total.defined() && !(total.shape() == shape) ? expand(total, shape) : total;
    });
  }

  /// Of one number: its gradient times the tangents.
  Tensor by_gradient() const {
    return as_rules_see_it([&](Fn f) {
      const Tensor& y = call_.outputs[0];
      const Tensor one = ones_of(y.shape(), y.dtype());
      std::vector<Tensor> dx(call_.inputs.size() + call_.scratch.size());
      if (op_.joint.run)
        op_.joint.run({&one, 1}, f, dx);
      else
        for (std::size_t i = 0; i < call_.inputs.size(); ++i)
          if (t_[i].defined() && has_rule(i)) dx[i] = rule(one, f, i);
      Tensor total;
      for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
        if (!t_[i].defined() || !dx[i].defined()) continue;
        Tensor part = sum(mul0(t_[i], dx[i]));
        total = total.defined() ? total + part : std::move(part);
      }
      return total.defined() ? reshape(total, y.shape()) : total;
    });
  }

  /// The map from a cotangent u to the gradients, recorded at a u that is nowhere 0 and differentiated by it.
  std::vector<Tensor> by_reverse() const {
    if (!op_.again && !op_.again_all)
      fail(op_.name, "cannot be called again, so it has no tangents: its value is " +
                         call_.outputs[0].describe() + "; take gradients by grad or vjp");
    const bool recorded = is_recording();
    const EnableGrad guard;
    std::vector<Tensor> x = inputs(), wanted, directions;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!t_[i].defined() || !has_rule(i)) continue;
      x[i] = recorded && x[i].requires_grad() ? reshape(x[i], x[i].shape()) : leaf_of(x[i]);
      wanted.push_back(x[i]);
      directions.push_back(t_[i]);
    }
    const std::vector<Tensor> y = again(x);
    std::vector<Tensor> outputs, cotangents;
    for (const Tensor& t : y)
      if (is_floating(t.dtype()) && t.requires_grad()) {
        outputs.push_back(t);
        cotangents.push_back(ones_of(t.shape(), t.dtype()).requires_grad_());
      }
    if (outputs.empty()) return {};
    const std::vector<Tensor> g =
        grad(outputs, wanted, cotangents, {.create_graph = true, .allow_unused = true});
    Tensor total;
    for (std::size_t i = 0; i < g.size(); ++i) {
      if (!g[i].defined() || !g[i].requires_grad()) continue;
      Tensor part = sum(mul0(g[i], directions[i]));
      total = total.defined() ? total + part : std::move(part);
    }
    if (!total.defined()) return {};
    std::vector<Tensor> found =
        grad({total}, cotangents, {}, {.create_graph = recorded, .allow_unused = true});
    std::vector<Tensor> result(y.size());
    for (std::size_t j = 0, k = 0; j < y.size(); ++j)
      if (is_floating(y[j].dtype()) && y[j].requires_grad()) result[j] = std::move(found[k++]);
    return result;
  }

  const Heard& call_;
  const Op& op_;
  std::span<const Tensor> t_;
};

}  // namespace xgrad::detail
