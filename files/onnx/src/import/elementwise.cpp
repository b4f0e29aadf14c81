#include "import/node.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/binary.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/unary.hpp"

// Elementwise functions, comparisons, logic and conversions.

namespace xgrad::onnx::detail {

namespace {

template <Tensor (*f)(const Tensor&)>
Tensors unary(const NodeCall& c) {
  return one(f(c.x(0)));
}
template <Tensor (*f)(const Tensor&, const Tensor&)>
Tensors binary(const NodeCall& c) {
  return one(f(c.x(0), c.x(1)));
}
/// Of any number of tensors.
template <Tensor (*f)(const Tensor&, const Tensor&)>
Tensor folded(const NodeCall& c) {
  Tensor y = c.x(0);
  for (std::size_t i = 1; i < c.inputs(); ++i) y = f(y, c.x(i));
  return y;
}
template <Tensor (*f)(const Tensor&, const Tensor&)>
Tensors fold(const NodeCall& c) {
  return one(folded<f>(c));
}
Tensors mean_of(const NodeCall& c) { return one(div(folded<add>(c), static_cast<double>(c.inputs()))); }

Tensors identity(const NodeCall& c) { return one(c.x(0)); }
Tensors round_half_even(const NodeCall& c) { return one(round(c.x(0))); }

Tensors divide(const NodeCall& c) {
  const Tensor &a = c.x(0), &b = c.x(1);
  if (a.dtype() != int64 || b.dtype() != int64) return one(div(a, b));
  return one(floor_divide(sub(a, fmod(a, b)), b));  // towards 0
}

Tensors power(const NodeCall& c) {
  const Tensor &x = c.x(0), &p = c.x(1);
  if (x.dtype() == p.dtype()) return one(pow(x, p));
  if (x.dtype() == int64) return one(pow(x.to(float64), p.to(float64)).to(int64));
  return one(pow(x, p.to(x.dtype())));
}

Tensors modulo(const NodeCall& c) {
  return one(c.integer("fmod", 0) ? fmod(c.x(0), c.x(1)) : remainder(c.x(0), c.x(1)));
}

Tensors clip(const NodeCall& c) {
  Tensor y = c.x(0);
  if (c.has_attribute("min")) y = clamp_min(y, c.real("min", 0));
  if (c.has_attribute("max")) y = clamp_max(y, c.real("max", 0));
  if (c.has(1)) y = maximum(y, c.x(1));
  if (c.has(2)) y = minimum(y, c.x(2));
  return one(y);
}

Tensors choose(const NodeCall& c) {
  if (c.x(1).dtype() != boolean) return one(where(c.x(0), c.x(1), c.x(2)));
  return one(where(c.x(0), c.x(1).to(int64), c.x(2).to(int64)).to(boolean));
}

Tensors infinite(const NodeCall& c) {
  Tensor y = isinf(c.x(0));
  if (!c.integer("detect_positive", 1)) y = logical_and(y, lt(c.x(0), 0));
  if (!c.integer("detect_negative", 1)) y = logical_and(y, gt(c.x(0), 0));
  return one(y);
}

/// The dtype of an element type of ONNX by its number. int32 is int64 here.
DType dtype_numbered(const NodeCall& c, std::int64_t number) {
  switch (number) {
    case 1:
      return float32;
    case 11:
      return float64;
    case 6:
    case 7:
      return int64;
    case 9:
      return boolean;
    default:
      c.fail("converts to the element type " + std::to_string(number) +
             " of ONNX, and can convert to float, double, int32, int64 and bool; export the model in one of "
             "these");
  }
}
Tensors cast(const NodeCall& c) { return one(c.x(0).to(dtype_numbered(c, c.integer("to", 0)))); }
Tensors cast_like(const NodeCall& c) { return one(c.x(0).to(c.x(1).dtype())); }

}  // namespace

void add_elementwise(ImportTable& t) {
  t["Abs"] = unary<abs>, t["Neg"] = unary<neg>, t["Sign"] = unary<sign>, t["Reciprocal"] = unary<reciprocal>;
  t["Floor"] = unary<floor>, t["Ceil"] = unary<ceil>, t["Round"] = round_half_even;
  t["Exp"] = unary<exp>, t["Log"] = unary<log>, t["Sqrt"] = unary<sqrt>, t["Erf"] = unary<erf>;
  t["Sin"] = unary<sin>, t["Cos"] = unary<cos>, t["Tan"] = unary<tan>;
  t["Asin"] = unary<asin>, t["Acos"] = unary<acos>, t["Atan"] = unary<atan>;
  t["Sinh"] = unary<sinh>, t["Cosh"] = unary<cosh>, t["Tanh"] = unary<tanh>;
  t["Asinh"] = unary<asinh>, t["Acosh"] = unary<acosh>, t["Atanh"] = unary<atanh>;
  t["Identity"] = identity;
  t["Add"] = binary<add>, t["Sub"] = binary<sub>, t["Mul"] = binary<mul>, t["Div"] = divide;
  t["Pow"] = power, t["Mod"] = modulo;
  t["Max"] = fold<maximum>, t["Min"] = fold<minimum>, t["Sum"] = fold<add>, t["Mean"] = mean_of;
  t["Clip"] = clip, t["Where"] = choose;
  t["Equal"] = binary<eq>, t["Less"] = binary<lt>, t["LessOrEqual"] = binary<le>;
  t["Greater"] = binary<gt>, t["GreaterOrEqual"] = binary<ge>;
  t["And"] = binary<logical_and>, t["Or"] = binary<logical_or>, t["Xor"] = binary<logical_xor>;
  t["Not"] = unary<logical_not>, t["IsNaN"] = unary<isnan>, t["IsInf"] = infinite;
  t["Cast"] = cast, t["CastLike"] = cast_like;
}

}  // namespace xgrad::onnx::detail
