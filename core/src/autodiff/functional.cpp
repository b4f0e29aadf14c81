#include "xgrad/core/functional.hpp"

#include "kernels/loops/dispatch.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {

namespace {

/// Inputs that f can be differentiated by without touching the caller's: leaves, or copies that stay
/// connected to what made them when the result is to be differentiated.
std::vector<Tensor> fresh(const char* op, const std::vector<Tensor>& x, bool connected) {
  std::vector<Tensor> out;
  for (const Tensor& t : x) {
    check_floating(op, t);
    out.push_back(connected && t.requires_grad() ? t.clone() : t.detach().requires_grad_());
  }
  return out;
}

/// f(x), one floating tensor. Throws Error otherwise.
Tensor value_of(const char* op, const TensorFunction& f, const std::vector<Tensor>& x) {
  std::vector<Tensor> y = f(x);
  if (y.size() != 1) fail(op, "the function must return one tensor: it returned " + std::to_string(y.size()));
  check_floating(op, y[0]);
  return y[0];
}

void check_like(const char* op, const char* what, const Tensor& x, const Tensor& v) {
  if (!(x.shape(op) == v.shape(op)) || x.dtype() != v.dtype())
    fail(op, std::string("v must have the shape and dtype of ") + what + ": v is " + v.describe() + ", " +
                 what + " is " + x.describe());
}

void check_directions(const char* op, const std::vector<Tensor>& x, const std::vector<Tensor>& v) {
  if (x.size() != v.size())
    fail(op,
         std::to_string(x.size()) + " inputs need as many directions: there are " + std::to_string(v.size()));
  for (std::size_t i = 0; i < x.size(); ++i) check_like(op, "x", x[i], v[i]);
}

/// Gradients of y, zeros where y does not depend on an input.
std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& x, const Tensor& v,
                              GradOptions options) {
  options.allow_unused = true;
  std::vector<Tensor> g = y.requires_grad() ? grad({y}, x, {v}, options) : std::vector<Tensor>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!g[i].defined()) g[i] = zeros_of(x[i].shape(), x[i].dtype());
  return g;
}

Tensor dot(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  Tensor total = sum(a[0] * b[0]);
  for (std::size_t i = 1; i < a.size(); ++i) total = total + sum(a[i] * b[i]);
  return total;
}

/// The i-th unit vector, in the shape of x.
Tensor unit(const Tensor& x, std::int64_t i) {
  Tensor e = zeros_of(x.shape(), x.dtype());
  visit_floating(x.dtype(), [&](auto t) { ptr<type_of<decltype(t)>>(e)[i] = 1; });
  return e;
}

Shape joined(const Shape& a, const Shape& b) {
  Shape s = a;
  for (std::int64_t n : b) s.push_back(n);
  return s;
}

std::int64_t count(const std::vector<Tensor>& x) {
  std::int64_t n = 0;
  for (const Tensor& t : x) n += t.numel();
  return n;
}

/// The Jacobian of y row by row: one reverse pass for each element of y.
std::vector<Tensor> by_rows(const Tensor& y, const std::vector<Tensor>& x, bool create_graph) {
  std::vector<std::vector<Tensor>> rows(x.size());
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const std::vector<Tensor> g =
        gradients(y, x, unit(y, i), {.retain_graph = true, .create_graph = create_graph});
    for (std::size_t k = 0; k < x.size(); ++k) rows[k].push_back(g[k]);
  }
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Shape shape = joined(y.shape(), x[k].shape());
    out.push_back(rows[k].empty() ? zeros_of(shape, x[k].dtype()) : reshape(stack(rows[k]), shape));
  }
  return out;
}

/// The map u -> u^T J, recorded at a u that is nowhere 0, so that it can be differentiated by u: that gives J
/// v.
struct Transposed {
  Tensor u;
  std::vector<Tensor> g;

  Transposed(const Tensor& y, const std::vector<Tensor>& x)
      : u(ones_like(y.detach(), {.requires_grad = true})),
        g(gradients(y, x, u, {.retain_graph = true, .create_graph = true})) {}

  Tensor times(const std::vector<Tensor>& v, bool create_graph) const {
    return gradients(dot(g, v), {u}, ones_of({}, u.dtype()),
                     {.retain_graph = true, .create_graph = create_graph})[0];
  }
};

/// The Jacobian of y column by column: one pass through the transposed map for each element of x.
std::vector<Tensor> by_columns(const Tensor& y, const std::vector<Tensor>& x, bool create_graph) {
  const Transposed map(y, x);
  std::vector<Tensor> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    std::vector<Tensor> columns;
    for (std::int64_t j = 0; j < x[k].numel(); ++j) {
      const Tensor column = gradients(sum(map.g[k] * unit(x[k], j)), {map.u}, ones_of({}, y.dtype()),
                                      {.retain_graph = true, .create_graph = create_graph})[0];
      columns.push_back(column);
    }
    const Shape shape = joined(y.shape(), x[k].shape());
    out.push_back(columns.empty() ? zeros_of(shape, y.dtype()) : reshape(stack(columns, y.dim()), shape));
  }
  return out;
}

}  // namespace

std::pair<Tensor, std::vector<Tensor>> vjp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                              const Tensor& v, FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("vjp", inputs, options.create_graph);
  const Tensor y = value_of("vjp", f, x);
  check_like("vjp", "f(x)", y, v);
  std::vector<Tensor> g = gradients(y, x, v, {.create_graph = options.create_graph});
  return {options.create_graph ? y : y.detach(), std::move(g)};
}

std::pair<Tensor, Tensor> jvp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                 const std::vector<Tensor>& v, FunctionalOptions options) {
  const EnableGrad guard;
  check_directions("jvp", inputs, v);
  const std::vector<Tensor> x = fresh("jvp", inputs, options.create_graph);
  const Tensor y = value_of("jvp", f, x);
  const Tensor jv = Transposed(y, x).times(v, options.create_graph);
  return {options.create_graph ? y : y.detach(), jv};
}

std::vector<Tensor> jacobian_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("jacobian", inputs, options.create_graph);
  const Tensor y = value_of("jacobian", f, x);
  return y.numel() <= count(x) ? by_rows(y, x, options.create_graph) : by_columns(y, x, options.create_graph);
}

std::vector<std::vector<Tensor>> hessian_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                            FunctionalOptions options) {
  const EnableGrad guard;
  const std::vector<Tensor> x = fresh("hessian", inputs, options.create_graph);
  const Tensor y = value_of("hessian", f, x);
  if (y.numel() != 1) fail("hessian", "the function must return one element: it returned " + y.describe());
  const std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = true});
  std::vector<std::vector<Tensor>> out;
  for (const Tensor& row : g) out.push_back(by_rows(row, x, options.create_graph));
  return out;
}

std::pair<Tensor, std::vector<Tensor>> hvp_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                                              const std::vector<Tensor>& v, FunctionalOptions options) {
  const EnableGrad guard;
  check_directions("hvp", inputs, v);
  const std::vector<Tensor> x = fresh("hvp", inputs, options.create_graph);
  const Tensor y = value_of("hvp", f, x);
  if (y.numel() != 1) fail("hvp", "the function must return one element: it returned " + y.describe());
  const std::vector<Tensor> g = gradients(y, x, ones_like(y.detach()), {.create_graph = true});
  std::vector<Tensor> hv =
      gradients(dot(g, v), x, ones_of({}, y.dtype()), {.create_graph = options.create_graph});
  return {options.create_graph ? y : y.detach(), std::move(hv)};
}

}  // namespace xgrad::detail
