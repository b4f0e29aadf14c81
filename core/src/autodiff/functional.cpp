#include "xgrad/core/functional.hpp"

#include <algorithm>

#include "autodiff/columns.hpp"
#include "autodiff/forward.hpp"
#include "autodiff/functions.hpp"
#include "autodiff/rows.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/support/leaf.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

std::vector<Tensor> fresh(const char* op, const std::vector<Tensor>& x, bool connected) {
  std::vector<Tensor> out;
  for (const Tensor& t : x) {
    check_floating(op, t);
    out.push_back(connected && t.requires_grad() ? t.clone() : leaf_of(t));
  }
  return out;
}

Tensor value_of(const char* op, const TensorFunction& f, const std::vector<Tensor>& x) {
  std::vector<Tensor> y = f(x);
  if (y.size() != 1) fail(op, "the function must return one tensor: it returned " + std::to_string(y.size()));
  check_floating(op, y[0]);
  return y[0];
}

Tensor number_of(const char* op, const TensorFunction& f, const std::vector<Tensor>& x) {
  const Tensor y = value_of(op, f, x);
  if (y.numel() != 1) fail(op, "the function must return one element: it returned " + y.describe());
  return y;
}

Tensor returned(const Tensor& y, bool create_graph) { return create_graph ? y : without_tape(y); }

std::vector<Tensor> returned(std::vector<Tensor> y, bool create_graph) {
  for (Tensor& t : y) t = returned(t, create_graph);
  return y;
}

std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& x, const Tensor& v,
                              GradOptions options) {
  options.allow_unused = true;
  std::vector<Tensor> g = y.requires_grad() ? grad({y}, x, {v}, options) : std::vector<Tensor>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!g[i].defined()) g[i] = zeros_of(x[i].shape(), x[i].dtype());
  return g;
}

Tensor unit(const Tensor& x, std::int64_t i) {
  Tensor e = zeros_of(x.shape(), x.dtype());
  visit_floating(x.dtype(), [&](auto t) { ptr<type_of<decltype(t)>>(e)[i] = 1; });
  return e;
}

namespace {

void check_like(const char* op, const char* what, const Tensor& x, const Tensor& v) {
  if (!(x.shape(op) == v.shape(op)) || x.dtype() != v.dtype())
    fail(op, std::string("v must have the shape and dtype of ") + what + ": v is " + v.describe() + ", " +
                 what + " is " + x.describe());
}

Shape joined(const Shape& a, const Shape& b, int from = 0) {
  Shape s = a;
  for (int i = from; i < b.rank(); ++i) s.push_back(b[i]);
  return s;
}

std::int64_t count(const std::vector<Tensor>& x) {
  std::int64_t n = 0;
  for (const Tensor& t : x) n += t.numel();
  return n;
}

/// Throws Error for a matrix that is not meant to be had whole.
void check_whole(const char* op, std::int64_t height, std::int64_t width) {
  constexpr std::int64_t most = std::int64_t{1} << 32;
  if (width > 0 && height > most / width)
    fail(op, "the result is too large: " + std::to_string(height) + " x " + std::to_string(width) +
                 " elements, of 4294967296 that it may have; take sparse_" + op +
                 ", independent_rows, or products by jvp, vjp and hvp");
}

/// The rows of a Jacobian, of which row i is that of cotangent i, put together.
std::vector<Tensor> stacked(const std::vector<std::vector<Tensor>>& rows, const Tensor& y,
                            const std::vector<Tensor>& x) {
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Shape shape = joined(y.shape(), x[k].shape());
    std::vector<Tensor> parts;
    for (const auto& row : rows) parts.push_back(row[k]);
    out.push_back(parts.empty() ? zeros_of(shape, x[k].dtype()) : reshape(stack(parts), shape));
  }
  return out;
}

// Independent rows ------------------------------------------------------------------------------------------

void check_rows(const char* op, const Tensor& y, const std::vector<Tensor>& x) {
  for (const Tensor& t : x)
    if (y.dim() == 0 || t.dim() == 0 || t.size(0) != y.size(0))
      fail(op, "with independent_rows the inputs and the result have as many rows: the result is " +
                   y.describe() + ", x is " + t.describe() + "; leave the option out for other functions");
}

/// 1 in column j of every row of x, and 0 elsewhere.
Tensor unit_column(const Tensor& x, std::int64_t j) {
  Tensor e = zeros_of(x.shape(), x.dtype());
  const std::int64_t width = x.numel() / std::max<std::int64_t>(x.size(0), 1);
  visit_floating(x.dtype(), [&](auto t) {
    for (std::int64_t i = 0; i < x.size(0); ++i) ptr<type_of<decltype(t)>>(e)[i * width + j] = 1;
  });
  return e;
}

/// The blocks on the diagonal: a pass for each column of y, whose rows do not meet.
std::vector<Tensor> by_columns_of_rows(const Tensor& y, const std::vector<Tensor>& x, bool create_graph) {
  const std::int64_t rows = y.size(0), columns = y.numel() / std::max<std::int64_t>(rows, 1);
  RowWalk walk(y, x, create_graph);
  std::vector<std::vector<Tensor>> g;
  for (std::int64_t j = 0; j < columns; ++j) g.push_back(walk(unit_column(y, j)));
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Shape shape = joined(y.shape(), x[k].shape(), 1);
    std::vector<Tensor> parts;
    for (const auto& of : g) parts.push_back(of[k]);
    out.push_back(parts.empty() ? zeros_of(shape, y.dtype()) : reshape(stack(parts, 1), shape));
  }
  return out;
}

}  // namespace

void check_directions(const char* op, const std::vector<Tensor>& x, const std::vector<Tensor>& v) {
  if (x.size() != v.size())
    fail(op,
         std::to_string(x.size()) + " inputs need as many directions: there are " + std::to_string(v.size()));
  for (std::size_t i = 0; i < x.size(); ++i) check_like(op, "x", x[i], v[i]);
}

std::vector<Tensor> by_rows(const Tensor& y, const std::vector<Tensor>& x, FunctionalOptions options) {
  if (options.independent_rows) return by_columns_of_rows(y, x, options.create_graph);
  RowWalk walk(y, x, options.create_graph);
  std::vector<std::vector<Tensor>> rows;
  for (std::int64_t i = 0; i < y.numel(); ++i) rows.push_back(walk(unit(y, i)));
  return stacked(rows, y, x);
}

std::pair<Tensor, std::vector<Tensor>> vjp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                              const Tensor& v, FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("vjp", inputs, options.create_graph);
  const Tensor y = value_of("vjp", f, x);
  check_like("vjp", "f(x)", y, v);
  std::vector<Tensor> g = gradients(y, x, v, {.create_graph = options.create_graph});
  return {returned(y, options.create_graph), std::move(g)};
}

namespace {

/// f(x) and its tangents along directions, of which each has a tensor for every input.
struct Pushed {
  Tensor y;
  std::vector<Tensor> along;
};

Pushed pushed_forward(const char* op, const TensorFunction& f, const std::vector<Tensor>& inputs,
                      const std::vector<std::vector<Tensor>>& directions, bool create_graph) {
  ForwardPass pass(directions.size());
  std::vector<Tensor> x;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_floating(op, inputs[i]);
    x.push_back(create_graph ? reshape(inputs[i], inputs[i].shape()) : without_tape(inputs[i]));
    std::vector<Tensor> along;
    for (const auto& v : directions) along.push_back(v[i]);
    pass.start(x.back(), std::move(along));
  }
  const Tensor y = value_of(op, f, x);
  return {y, pass.tangents(y)};
}

/// The Jacobian column by column, in a few forward passes so that not all of their tangents are alive at
/// once.
std::vector<Tensor> by_columns(const TensorFunction& f, const Tensor& y, const std::vector<Tensor>& x,
                               bool create_graph) {
  const std::int64_t n = count(x), m = y.numel(), most = directions_at_once(std::max(n, m));
  std::vector<Tensor> parts;
  for (std::int64_t first = 0; first < n; first += most) {
    const std::int64_t k = std::min(most, n - first);
    parts.push_back(
        reshape(pushed_columns("jacobian", f, x, unit_directions(x, first, k), create_graph), {k, m}));
  }
  std::vector<Tensor> out;
  const Tensor columns = parts.empty() ? Tensor() : parts.size() == 1 ? parts[0] : cat(parts);
  std::int64_t first = 0;
  for (const Tensor& t : x) {
    const Shape shape = joined(y.shape(), t.shape());
    out.push_back(n == 0 || m == 0 ? zeros_of(shape, y.dtype())
                                   : reshape(transpose(narrow(columns, 0, first, t.numel()), 0, 1), shape));
    first += t.numel();
  }
  return out;
}

}  // namespace

std::pair<Tensor, std::vector<Tensor>> jvps_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                               const std::vector<std::vector<Tensor>>& v,
                                               FunctionalOptions options) {
  const EnableGrad guard;
  for (const auto& direction : v) check_directions("jvp", inputs, direction);
  auto [y, along] = pushed_forward("jvp", f, inputs, v, options.create_graph);
  return {returned(y, options.create_graph), returned(std::move(along), options.create_graph)};
}

std::pair<Tensor, Tensor> jvp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                 const std::vector<Tensor>& v, FunctionalOptions options) {
  auto [y, along] = jvps_of(f, inputs, {v}, options);
  return {std::move(y), std::move(along[0])};
}

std::vector<Tensor> jacobian_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("jacobian", inputs, options.create_graph);
  const Tensor y = value_of("jacobian", f, x);
  if (options.independent_rows) check_rows("jacobian", y, x);
  const std::int64_t n = count(x);
  if (!options.independent_rows) check_whole("jacobian", y.numel(), n);
  // A tangent costs about as much as f, a row of reverse mode twice that.
  if (options.independent_rows || 2 * y.numel() < n) return by_rows(y, x, options);
  return by_columns(f, y, inputs, options.create_graph);
}

namespace {

/// The blocks of the diagonal by reverse passes over the gradient.
std::vector<std::vector<Tensor>> hessian_by_rows(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                                 FunctionalOptions options) {
  const std::vector<Tensor> x = fresh("hessian", inputs, options.create_graph);
  const Tensor y = number_of("hessian", f, x);
  const std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = true});
  std::vector<std::vector<Tensor>> out;
  for (const Tensor& row : g) {
    check_rows("hessian", row, x);
    out.push_back(by_rows(row, x, options));
  }
  return out;
}

}  // namespace

std::vector<std::vector<Tensor>> hessian_of(const TensorFunction& f, const std::vector<Tensor>& x,
                                            FunctionalOptions options) {
  const EnableGrad guard;
  if (options.independent_rows) return hessian_by_rows(f, x, options);
  for (const Tensor& t : x) check_floating("hessian", t);
  const std::int64_t n = count(x), most = directions_at_once(n);
  check_whole("hessian", n, n);
  std::vector<std::vector<Tensor>> rows(x.size());  // of the columns of each input
  for (std::int64_t first = 0; first == 0 || first < n; first += most) {
    const auto v = unit_directions(x, first, std::min(most, std::max<std::int64_t>(n - first, 1)));
    const std::vector<Tensor> along = pushed_gradients("hessian", f, x, v, options.create_graph);
    for (std::size_t i = 0; i < x.size(); ++i) rows[i].push_back(along[i]);
  }
  std::vector<std::vector<Tensor>> out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Tensor columns = rows[i].size() == 1 ? rows[i][0] : cat(rows[i]);  // [n, x_i...], symmetric
    std::int64_t first = 0;
    for (std::size_t j = 0; j < x.size(); first += x[j].numel(), ++j) {
      const Tensor block = narrow(columns, 0, first, x[j].numel());  // d/dx_j of the gradient by x_i
      out[j].push_back(reshape(block, joined(x[j].shape(), x[i].shape())));
    }
  }
  return out;
}

std::pair<Tensor, std::vector<Tensor>> hvp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                              const std::vector<Tensor>& v, FunctionalOptions options) {
  const EnableGrad guard;
  check_directions("hvp", inputs, v);
  const ForwardPass pass(1);
  const std::vector<Tensor> x = fresh("hvp", inputs, options.create_graph);
  for (std::size_t i = 0; i < x.size(); ++i) pass.start(x[i], {v[i]});
  const Tensor y = number_of("hvp", f, x);
  std::vector<Tensor> hv;
  for (const Tensor& g : gradients(y, x, ones_like(y.detach()), {.create_graph = options.create_graph}))
    hv.push_back(returned(pass.tangents(g)[0], options.create_graph));
  return {returned(y, options.create_graph), std::move(hv)};
}

}  // namespace xgrad::detail
