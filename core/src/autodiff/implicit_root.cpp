#include "autodiff/births.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/checkpoint.hpp"
#include "xgrad/core/functional.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::detail {
namespace {

Tensor one_tensor(const char* what, std::vector<Tensor> y) {
  if (y.size() != 1)
    fail("implicit_root",
         std::string("the ") + what + " must return one tensor: it returned " + std::to_string(y.size()));
  return std::move(y[0]);
}

/// a^-1 b.
Tensor solved(const Tensor& a, const Tensor& b) {
  try {
    return xgrad::solve(a, b);
  } catch (const Error& e) {
    fail("implicit_root",
         std::string("the residual's derivative by the root must have an inverse: ") + e.what());
  }
}

/// The residual, which may read its arguments only: nothing else that it reads would get a gradient.
std::vector<Tensor> value_of(const TensorFunction& residual, const std::vector<Tensor>& arguments) {
  const Births births;
  std::vector<Tensor> y = residual(arguments);
  for (const Tensor& r : y)
    for (const Tensor& x : segment_of("implicit_root", r, arguments, births).captured)
      fail("implicit_root",
           "the residual reads a tensor that requires a gradient and is none of its "
           "parameters: " +
               x.describe() + "; pass it as one, or its detach()");
  return y;
}

}  // namespace

Tensor implicit_root_of(const TensorFunction& f, const TensorFunction& solver,
                        const std::vector<Tensor>& parameters) {
  const TensorFunction residual = [f](const std::vector<Tensor>& arguments) {
    return value_of(f, arguments);
  };
  const CustomOp op = custom_op(
      "implicit_root",
      [solver](NoState&, const std::vector<Tensor>& p) { return one_tensor("solver", solver(p)); },
      [residual, count = static_cast<int>(parameters.size())](const CustomCall<NoState>& c, const Tensor& g) {
        std::vector<Tensor> at = {c.y()};
        for (int i = 0; i < count; ++i) at.push_back(c.x(i));
        const FunctionalOptions options{.create_graph = is_recording()};
        const std::int64_t n = g.numel();
        const Tensor dr_dx = jacobian(
            [&](const Tensor& x) {
              std::vector<Tensor> arguments = at;
              arguments[0] = x;
              return one_tensor("residual", residual(arguments));
            },
            at[0], options);
        if (dr_dx.numel() != n * n)
          fail("implicit_root", "the residual must have as many elements as the root: the root is " +
                                    g.describe() + ", the residual's Jacobian is " + dr_dx.describe());
        const Tensor u = solved(reshape(dr_dx, {n, n}).t(), reshape(g, {n, 1}));
        Shape r_shape = dr_dx.shape();
        for (int i = 0; i < g.dim(); ++i) r_shape.erase(r_shape.rank() - 1);
        auto [value, dp] = vjp_of(residual, at, reshape(-u, r_shape), options);
        return std::vector<Tensor>(dp.begin() + 1, dp.end());
      });
  return op(parameters);
}

}  // namespace xgrad::detail
