#include <algorithm>

#include "autodiff/fields.hpp"
#include "kernels/blas/blas.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "ops/activation/activated.hpp"
#include "ops/linalg/matrices.hpp"
#include "ops/linalg/packed_weight.hpp"
#include "ops/linalg/products.hpp"
#include "ops/support/tangents.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/host_action.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad {

using namespace detail;

namespace {

/// x weight^T + bias, and the activation's relu.
Tensor linear_value(const Tensor& x, const Tensor& weight, const Tensor& bias, const PackedWeight* packed,
                    bool relu = false) {
  const std::int64_t rows = x.size(0), in = x.size(1), out = weight.size(0);
  Tensor y = new_tensor({rows, out}, x.dtype());
  // A single row reads the weight once, as it lies.
  const bool packs = packed && rows > 1 && in > 0 && out > 0;
  if (packs) refuse_capture("linear", "it keeps a packed copy of the weight; call it without one");
  const std::shared_ptr<const Pack> pack = packs ? pack_of(*packed, weight) : nullptr;
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    GemmEnd<T> end = {.bias = bias.defined() ? ptr<T>(bias) : nullptr, .relu = relu};
    if (pack) end.packed = pack->template of<T>();
    gemm(false, true, rows, out, in, ptr<T>(x), ptr<T>(weight), end, ptr<T>(y));
  });
  return y;
}

std::string linear_operands(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return "x is " + x.describe() + ", weight is " + weight.describe() +
         (bias.defined() ? ", bias is " + bias.describe() : "");
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const auto all = [&] { return linear_operands(x, weight, bias); };
  if (weight.dim("linear") != 2) fail("linear", "the weight must be a matrix [out, in]: " + all());
  if (x.dim("linear") < 1 || x.size(-1) != weight.size(1))
    fail("linear", "the last size of x must be the weight's second: " + all());
  if (bias.defined() && (bias.dim() != 1 || bias.size(0) != weight.size(0)))
    fail("linear", "the bias must have the weight's first size: " + all());
}

/// The floating dtype that the operands have between them.
DType linear_dtype(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  bool single = false, twice = false;
  for (const Tensor* t : {&x, &weight, &bias}) {
    if (!t->defined()) continue;
    single |= t->dtype() == float32;
    twice |= t->dtype() == float64;
  }
  if (single && twice)
    fail("linear", "operands mix float32 and float64: " + linear_operands(x, weight, bias) +
                       "; convert x with .to(), or the model");
  return twice ? float64 : float32;
}

/// linear in matrices of one dtype.
Tensor linear_matrices(const Tensor& x, const Tensor& weight, const Tensor& bias,
                       const PackedWeight* packed) {
  static constexpr Op op = {.name = "linear",
                            .vjp = {{product_rule<[](Grad g, Fn f) {
                                       return Factors{g, f.x(1)};
                                     }>(keep::x(1)),
                                     product_rule<[](Grad g, Fn f) {
                                       return Factors{g, f.x(0), true};
                                     }>(keep::x(0)),
                                     {keep::nothing, [](Grad g, Fn) { return g; }}}},
                            .again = [](Call c) { return linear(c.x(0), c.x(1), c.x(2)); },
                            .jvp = Jvp::By::bilinear};
  Tensor y = linear_value(x, weight, bias, packed);
  if (!bias.defined()) return record(op, {x, weight}, std::move(y));
  return record(op, {x, weight, bias}, std::move(y));
}

/// The same and an activation in one node, which keeps y and not the sum before it.
Tensor linear_matrices(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
                       const PackedWeight* packed) {
  static constexpr Op op = {
      .name = "linear_activated",
      .joint = {keep::x(0) | keep::x(1) | keep::y,
                [](std::span<const Tensor> g, Fn f, std::span<Tensor> dx) {
                  ActivationGradient d = activation_gradient(f.attributes<Activated>().activation, g[0],
                                                             f.y(), f.inputs() == 3 && f.wants(2));
                  if (f.wants(0)) dx[0] = product_added(dx[0], {d.x, f.x(1)});
                  if (f.wants(1)) dx[1] = product_added(dx[1], {d.x, f.x(0), true});
                  if (f.inputs() == 3) dx[2] = std::move(d.row_sum);
                },
                true},
      .fields = &fields_of<Activated>,
      .again = [](Call c) { return linear(c.x(0), c.x(1), c.x(2), c.attributes<Activated>().activation); },
      .jvp =
          [](Fn f) {
            Tensor sum;
            if (f.t(0).defined()) add_part(sum, linear(f.t(0), f.x(1)));
            if (f.t(1).defined()) add_part(sum, linear(f.x(0), f.t(1)));
            if (f.inputs() == 3 && f.t(2).defined()) add_part(sum, expand(f.t(2), f.y().shape()));
            return activation_gradient(f.attributes<Activated>().activation, sum, f.y(), false).x;
          }};
  Tensor y = linear_value(x, weight, bias, packed, activation == Activation::relu);
  if (activation != Activation::relu) activate(activation, y);
  if (!bias.defined()) return record(op, {x, weight}, std::move(y), Activated{activation});
  return record(op, {x, weight, bias}, std::move(y), Activated{activation});
}

Tensor linear_of(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
                 const PackedWeight* packed) {
  check_linear(x, weight, bias);
  if (const DType t = linear_dtype(x, weight, bias);
      x.dtype() != t || weight.dtype() != t || (bias.defined() && bias.dtype() != t))
    return linear_of(x.to(t), weight.to(t), bias.defined() ? bias.to(t) : bias, activation, nullptr);
  if (x.dim() != 2) {
    const Tensor rows = reshape(x, {rows_of(x.shape()), x.size(-1)});
    Shape shape = x.shape();
    shape[shape.rank() - 1] = weight.size(0);
    return reshape(linear_of(rows, weight, bias, activation, packed), shape);
  }
  if (activation == Activation::none) return linear_matrices(x, weight, bias, packed);
  return linear_matrices(x, weight, bias, activation, packed);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear_of(x, weight, bias, Activation::none, nullptr);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation) {
  return linear_of(x, weight, bias, activation, nullptr);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, Activation activation,
              const PackedWeight& packed) {
  return linear_of(x, weight, bias, activation, &packed);
}

}  // namespace xgrad
