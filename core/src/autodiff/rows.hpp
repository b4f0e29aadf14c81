#pragma once

#include <span>
#include <vector>

#include "autodiff/walk.hpp"
#include "ops/support/promote.hpp"

namespace xgrad::detail {

/// Several walks from one output to the same inputs: what of the graph lies between them is found out once,
/// and nothing is freed.
class RowWalk {
 public:
  RowWalk(const Tensor& y, std::span<const Tensor> x, bool create_graph)
      : y_(y), x_(x), walk_(true, create_graph) {
    walk_.only(x, false);
  }

  /// The gradients of sum(cotangent * y), zeros where y does not depend on an input.
  std::vector<Tensor> operator()(const Tensor& cotangent) {
    if (y_.requires_grad()) {
      walk_.restart();
      walk_.add(y_.node(), Tensor(cotangent));
      walk_.run();
      walk_.run_leaf_hooks();
    }
    std::vector<Tensor> g;
    for (const Tensor& x : x_) {
      g.push_back(walk_.captured(x.node()));
      if (!g.back().defined()) g.back() = zeros_of(x.shape(), x.dtype());
    }
    return g;
  }

 private:
  const Tensor& y_;
  std::span<const Tensor> x_;
  Walk walk_;
};

}  // namespace xgrad::detail
