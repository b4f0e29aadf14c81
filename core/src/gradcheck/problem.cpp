#include "gradcheck/problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>

#include "tensor/errors.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::checking {
namespace {

/// Calls a function at the end of a scope, whatever happens in it.
class Undo {
 public:
  explicit Undo(std::function<void()> undo) : undo_(std::move(undo)) {}
  Undo(const Undo&) = delete;
  ~Undo() { undo_(); }

 private:
  std::function<void()> undo_;
};

double size_of_numbers(const Values& x) {
  Values sizes;
  for (double u : x)
    if (u != 0 && std::isfinite(u)) sizes.push_back(std::abs(u));
  if (sizes.empty()) return 1;
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return *middle;
}

double largest_number(const Values& x) {
  double largest = 0;
  for (double u : x)
    if (std::isfinite(u)) largest = std::max(largest, std::abs(u));
  return largest;
}

void append(Values& all, const Tensor& y) {
  const Values part = values_of(y);
  all.insert(all.end(), part.begin(), part.end());
}

std::vector<Tensor> floating(std::vector<Tensor> tensors) {
  std::erase_if(tensors, [](const Tensor& y) { return !y.defined() || !is_floating(y.dtype()); });
  return tensors;
}

}  // namespace

Values values_of(const Tensor& x) {
  if (x.dtype() == float64) {
    const auto elements = x.data<double>();
    return Values(elements.begin(), elements.end());
  }
  return x.to_vector<double>();
}

Gradients values_of(const std::vector<Tensor>& tensors) {
  Gradients all;
  for (const Tensor& x : tensors) all.push_back(values_of(x));
  return all;
}

std::vector<detail::Node*> recorded_nodes(const std::vector<Tensor>& outputs, std::size_t most) {
  std::vector<detail::Node*> nodes;
  std::unordered_set<detail::Node*> seen;
  const auto reach = [&](detail::Node* n) {
    if (n && n->op && nodes.size() < most && seen.insert(n).second) nodes.push_back(n);
  };
  for (const Tensor& y : outputs) reach(y.node());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (int k = 0; k < nodes[i]->input_count; ++k) reach(nodes[i]->inputs()[k]);
  return nodes;
}

Problem::Problem(Function f, std::vector<Tensor> leaves, std::vector<std::string> names)
    : f_(std::move(f)), leaves_(std::move(leaves)), names_(std::move(names)), points_(values_of(leaves_)) {
  for (const Values& x : points_) {
    typical_.push_back(size_of_numbers(x));
    largest_.push_back(largest_number(x));
  }
  const std::vector<Tensor> y = outputs();
  if (y.empty())
    detail::fail("gradcheck", "there is nothing to differentiate: f returns no floating tensor; return one");
  for (const Tensor& part : y) append(value_, part);
}

std::int64_t Problem::entry_count() const {
  return std::accumulate(leaves_.begin(), leaves_.end(), std::int64_t{0},
                         [](std::int64_t n, const Tensor& x) { return n + x.numel(); });
}

double Problem::scale(const Move& m) const {
  const double x = std::abs(at(m));
  return x > 0 && std::isfinite(x) ? x : typical(m.leaf);
}

std::vector<Tensor> Problem::outputs() const {
  const EnableGrad guard;
  return floating(f_());
}

Values Problem::call() const {
  const RecordingGuard guard(recorded_);
  Values y;
  for (const Tensor& part : floating(f_())) append(y, part);
  return y;
}

void Problem::apply(std::span<const Move> moves, double step) {
  const NoGrad guard;
  std::vector<std::span<double>> data(leaves_.size());
  for (const Move& m : moves) {
    auto& x = data[static_cast<std::size_t>(m.leaf)];
    if (x.empty()) x = leaves_[static_cast<std::size_t>(m.leaf)].mutable_data<double>();
    x[static_cast<std::size_t>(m.index)] = step == 0 ? at(m) : at(m) + step * m.unit;  // -0 stays
  }
}

void Problem::restore() {
  const NoGrad guard;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const auto x = leaves_[i].mutable_data<double>();
    std::copy(points_[i].begin(), points_[i].end(), x.begin());
  }
}

Values Problem::value_at(std::span<const Move> moves, double step) {
  const Undo undo([&] { apply(moves, 0); });
  apply(moves, step);
  Values y;
  try {
    y = call();
  } catch (const std::exception&) {
    y.clear();
  }
  if (y.size() != value_.size()) y.assign(value_.size(), std::numeric_limits<double>::quiet_NaN());
  return y;
}

Gradients Problem::gradient_at(std::span<const Move> moves, double step, const Values& v) {
  const Undo undo([&] { apply(moves, 0); });
  apply(moves, step);
  return gradient(v);
}

std::vector<Tensor> Problem::cotangents(const Values& v, const std::vector<Tensor>& outputs) const {
  std::vector<Tensor> parts;
  std::size_t first = 0;
  for (const Tensor& y : outputs) {
    const auto n = static_cast<std::size_t>(y.numel());
    parts.push_back(tensor(std::span<const double>(v.data() + first, n), y.shape(), {.dtype = y.dtype()}));
    first += n;
  }
  return parts;
}

std::vector<Tensor> Problem::gradient_of(const std::vector<Tensor>& outputs, const std::vector<Tensor>& seeds,
                                         const std::vector<Tensor>& leaves, GradOptions how) {
  std::vector<Tensor> roots, cotangents;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k].requires_grad()) continue;
    roots.push_back(outputs[k]);
    cotangents.push_back(seeds[k]);
  }
  std::vector<Tensor> g(leaves.size());
  how.allow_unused = true;
  if (!roots.empty()) g = grad(roots, leaves, cotangents, how);
  for (std::size_t i = 0; i < g.size(); ++i)
    if (!g[i].defined()) g[i] = zeros_like(leaves[i]);
  return g;
}

Gradients Problem::gradient(const Values& v) const {
  const std::vector<Tensor> y = outputs();
  return values_of(gradient_of(y, cotangents(v, y), leaves_));
}

Gradients Problem::recorded_gradient(const Values& v) const {
  const EnableGrad guard;
  const std::vector<Tensor> y = outputs();
  std::vector<Tensor> seeds = cotangents(v, y);
  for (Tensor& seed : seeds) seed.requires_grad_();
  return values_of(gradient_of(y, seeds, leaves_, {.create_graph = true}));
}

std::pair<Gradients, Gradients> Problem::gradient_twice(const Values& v) const {
  const std::vector<Tensor> y = outputs();
  Gradients first = values_of(gradient_of(y, cotangents(v, y), leaves_, {.retain_graph = true}));
  return {std::move(first), values_of(gradient_of(y, cotangents(v, y), leaves_))};
}

Gradients Problem::gradient_by_output(const Values& v) const {
  Gradients sum;
  const std::size_t count = outputs().size();
  for (std::size_t k = 0; k < count; ++k) {
    const std::vector<Tensor> y = outputs();
    const Gradients part = values_of(gradient_of({y[k]}, {cotangents(v, y)[k]}, leaves_));
    if (k == 0) sum = part;
    for (std::size_t i = 0; i < sum.size() && k > 0; ++i)
      for (std::size_t e = 0; e < sum[i].size(); ++e) sum[i][e] += part[i][e];
  }
  return sum;
}

Values Problem::gradient_alone(int leaf, const Values& v, bool detached) {
  const auto want_all = [&](bool on) {
    for (Tensor& x : leaves_) x.requires_grad_(on);
  };
  const Undo undo([&] { want_all(true); });
  if (detached) want_all(false);
  Tensor& x = leaves_[static_cast<std::size_t>(leaf)];
  x.requires_grad_();
  const std::vector<Tensor> y = outputs();
  return values_of(gradient_of(y, cotangents(v, y), {x})[0]);
}

Values signed_numbers(std::size_t n, Generator& random) {
  Values v(n);
  for (double& u : v) {
    u = 0.5 + 1.5 * random.uniform();
    if (random.draw() & 1u) u = -u;
  }
  return v;
}

}  // namespace xgrad::checking
