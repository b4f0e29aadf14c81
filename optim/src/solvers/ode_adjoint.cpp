#include <string>
#include <unordered_set>

#include "solvers/ode_run.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/custom_op.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/parts.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::optim::detail {

namespace {

using xgrad::detail::Node;

/// Throws Error where y was computed from a leaf that requires a gradient and is none of these, nor behind
/// one of these.
void check_known(const Tensor& y, const std::vector<Tensor>& known) {
  std::unordered_set<Node*> seen;
  for (const Tensor& x : known) seen.insert(x.node());
  std::vector<Node*> open{y.node()};
  while (!open.empty()) {
    Node* n = open.back();
    open.pop_back();
    if (!n || !n->requires_grad || !seen.insert(n).second) continue;
    if (!n->op)
      throw Error(
          "odeint: f reads a tensor that requires a gradient and is not among the parameters of the adjoint; "
          "name it in .parameters, or read its detach()");
    open.insert(open.end(), n->inputs(), n->inputs() + n->input_count);
  }
}

/// The state of the adjoint equation, y, its cotangent a, and the gradients of the parameters, as a vector.
class OdePacked {
 public:
  OdePacked(const Tensor& y, const std::vector<Tensor>& parameters) : shapes_{y.shape(), y.shape()} {
    for (const Tensor& p : parameters) shapes_.push_back(p.shape());
  }

  static Tensor pack(const std::vector<Tensor>& parts) {
    std::vector<Tensor> flat;
    flat.reserve(parts.size());
    for (const Tensor& x : parts) flat.push_back(reshape(x, {x.numel()}));
    return cat(flat);
  }
  std::vector<Tensor> unpack(const Tensor& z) const {
    std::vector<std::int64_t> sizes;
    for (const Shape& s : shapes_) {
      std::int64_t n = 1;
      for (const std::int64_t size : s) n *= size;
      sizes.push_back(n);
    }
    std::vector<Tensor> parts = split(z, sizes);
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = reshape(parts[i], shapes_[i]);
    return parts;
  }

 private:
  std::vector<Shape> shapes_;
};

/// d/dt (y, a, w) = (f, -a df/dy, -a df/dp); recorded where `again`, for gradients of the gradient.
Tensor adjoint_right(const OdeFunction& f, const OdePacked& packed, const std::vector<Tensor>& parameters,
                     bool again, const Tensor& t, const Tensor& z) {
  std::vector<Tensor> parts = packed.unpack(z);
  const EnableGrad guard;
  const Tensor y = again && parts[0].requires_grad() ? parts[0].clone() : parts[0].detach().requires_grad_();
  const Tensor k = f(t, y);
  std::vector<Tensor> inputs{y}, slopes(1 + parameters.size());
  inputs.insert(inputs.end(), parameters.begin(), parameters.end());
  if (k.requires_grad())
    slopes = grad({k}, inputs, {-parts[1]},
                  {.retain_graph = true, .create_graph = again, .allow_unused = true, .partial = true});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!slopes[i].defined()) slopes[i] = zeros_like(inputs[i].detach());
  slopes.insert(slopes.begin(), k);
  const Tensor all = OdePacked::pack(slopes);
  return again ? all : all.detach();
}

/// The state at the earlier of two times.
Tensor solved_back(const OdeFunction& right, const Tensor& state, const Tensor& times,
                   const OdeOptions& options) {
  try {
    return ode_run(right, state, times, options).y[1];
  } catch (const Error& e) {
    throw Error(
        std::string(e.what()) +
        "; the adjoint finds y again backwards from each of the times, where it may run away; give more "
        "times, or use .adjoint = false");
  }
}

/// The gradients of y0 and of the parameters, from the solution at the times and its cotangents.
std::vector<Tensor> adjoint(const OdeFunction& f, const Tensor& times, const OdeOptions& options,
                            const std::vector<Tensor>& parameters, const Tensor& y, const Tensor& g) {
  const std::int64_t count = times.numel();
  const OdePacked packed(y[0], parameters);
  const bool again = is_recording();
  const OdeFunction right = [&](const Tensor& t, const Tensor& z) {
    return adjoint_right(f, packed, parameters, again, t, z);
  };
  std::vector<Tensor> state{y[count - 1], g[count - 1]};
  for (const Tensor& p : parameters) state.push_back(zeros_like(p.detach()));
  for (std::int64_t i = count - 1; i > 0; --i) {
    const Tensor back = flip(slice(times, 0, i - 1, i + 1), {0});
    state = packed.unpack(solved_back(right, OdePacked::pack(state), back, options));
    state[0] = y[i - 1], state[1] = state[1] + g[i - 1];
  }
  state.erase(state.begin());
  return state;
}

}  // namespace

OdeSolution ode_adjoint(const OdeFunction& f, const Tensor& y0, const Tensor& times,
                        const OdeOptions& options) {
  {
    const EnableGrad guard;
    check_known(f(full({}, times.to_vector<double>()[0], {.dtype = y0.dtype()}), y0.detach()),
                options.parameters);
  }
  OdeOptions steps = options;
  std::vector<Tensor> parameters = std::exchange(steps.parameters, {});
  std::erase_if(parameters, [](const Tensor& p) { return !p.requires_grad(); });
  const auto solution = std::make_shared<OdeSolution>();
  const CustomOp op = custom_op(
      "odeint",
      [solution, f, times, steps](NoState&, const std::vector<Tensor>& x) {
        *solution = ode_run(f, x[0], times, steps);
        return std::exchange(solution->y, Tensor());
      },
      [f, times, steps, parameters](const CustomCall<NoState>& c, const Tensor& g) {
        for (std::size_t i = 0; i <= parameters.size(); ++i) c.x(static_cast<int>(i));  // as they were?
        return adjoint(f, times, steps, parameters, c.y(), g);
      });
  std::vector<Tensor> inputs{y0};
  inputs.insert(inputs.end(), parameters.begin(), parameters.end());
  const Tensor y = op(inputs);
  OdeSolution found = std::move(*solution);
  found.y = y;
  return found;
}

}  // namespace xgrad::optim::detail
