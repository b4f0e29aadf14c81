// Every row at the kernels' door: an op that makes elements has run a kernel, and one with a kernel of its
// own says so.

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "autodiff/listen.hpp"
#include "core/ops/rows_checks.hpp"
#include "xgrad/core/launch.hpp"

namespace xgrad::test {

namespace {

/// Which ops have made elements without a kernel.
struct Watch : detail::Listener, detail::KernelListener {
  Watch() : Listener(false) {}

  std::size_t kernels = 0;  // since the last op
  std::set<std::string> heard, silent;
  std::map<std::string, std::set<const detail::Kernel*>> named;

  void hear(const detail::Kernel& kernel, detail::Work, std::int64_t, std::int64_t,
            std::int64_t) noexcept override {
    ++kernels;
    named[kernel.name].insert(&kernel);
  }
  void hear_write(const char*, const Tensor&) override {}
  void hear(const detail::Heard& call) override {
    heard.insert(call.op.name);
    const bool ran = std::exchange(kernels, 0) > 0;
    for (const Tensor& y : call.outputs)
      if (!ran && y.numel() > 0 && !is_view(y, call.inputs)) silent.insert(call.op.name);
  }

  static bool is_view(const Tensor& y, std::span<const detail::Ref> inputs) {
    for (const detail::Ref& x : inputs)
      if (x.tensor->node()->buffer == y.node()->buffer) return true;
    return false;
  }
};

}  // namespace

TEST_CASE("every op of every row, and of its gradient, passes the kernels' door") {
  Watch watch;
  each_row([](const Row& row) {
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    Tensors x = make_inputs(row, shapes);
    if (differentiable(row))
      for (Tensor& t : x)
        if (is_floating(t.dtype())) t = t.detach().requires_grad_();
    const Tensors all = row.run(x);
    Tensors y, cotangents;
    for (const Tensor& t : all)
      if (t.requires_grad()) y.push_back(t), cotangents.push_back(rand_like(t) - 0.5);
    if (!y.empty()) grad(y, floating_of(x), cotangents, {.create_graph = true, .allow_unused = true});
  });

  CHECK(watch.heard.size() > 250);
  for (const std::string& op : watch.silent) CHECK_MESSAGE(false, op, " made elements without a kernel");
  for (const auto& named : watch.named)
    CHECK_MESSAGE(named.second.size() == 1, named.first, " names several kernels");
}

}  // namespace xgrad::test
