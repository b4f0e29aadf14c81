#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

using Unary = Tensor (*)(const Tensor&);
using Binary = Tensor (*)(const Tensor&, const Tensor&);

static constexpr Names other = {"other", "y", "b", "value", "exponent", "p"};

void add_unary(Registry& r) {
  const std::pair<const char*, Unary> functions[] = {
      {"neg", neg},       {"exp", exp},           {"exp2", exp2},
      {"expm1", expm1},   {"log", log},           {"log1p", log1p},
      {"log2", log2},     {"log10", log10},       {"sqrt", sqrt},
      {"rsqrt", rsqrt},   {"square", square},     {"reciprocal", reciprocal},
      {"abs", abs},       {"sign", sign},         {"floor", floor},
      {"ceil", ceil},     {"trunc", trunc},       {"sin", sin},
      {"cos", cos},       {"tan", tan},           {"asin", asin},
      {"acos", acos},     {"atan", atan},         {"sinh", sinh},
      {"cosh", cosh},     {"tanh", tanh},         {"asinh", asinh},
      {"acosh", acosh},   {"atanh", atanh},       {"erf", erf},
      {"erfc", erfc},     {"lgamma", lgamma},     {"digamma", digamma},
      {"sinc", sinc},     {"isnan", isnan},       {"isinf", isinf},
      {"erfinv", erfinv}, {"isfinite", isfinite}, {"logical_not", logical_not}};
  for (const auto& [name, f] : functions) r[name] = [f = f](const Arguments& a) { return f(a.input(0)); };

  r["round"] = [](const Arguments& a) {
    return round(a.input(0), static_cast<int>(a.integer({"decimals"}, 0)));
  };
  r["polygamma"] = [](const Arguments& a) {
    return polygamma(static_cast<int>(a.integer({"n"})), a.input(0));
  };
  r["nan_to_num"] = [](const Arguments& a) {
    const auto given = [&a](const char* name) {
      return a.has({name}) ? std::optional<double>(a.number({name})) : std::nullopt;
    };
    return nan_to_num(a.input(0), a.number({"nan"}, 0), given("posinf"), given("neginf"));
  };
  r["mul_self"] = [](const Arguments& a) { return a.input(0) * a.input(0); };
}

void add_clamps(Registry& r) {
  r["clamp"] = [](const Arguments& a) -> Tensor {
    const bool low = a.has({"min", "low"}), high = a.has({"max", "high"});
    if (low && high) return clamp(a.input(0), a.number({"min", "low"}), a.number({"max", "high"}));
    if (low) return clamp_min(a.input(0), a.number({"min", "low"}));
    if (high) return clamp_max(a.input(0), a.number({"max", "high"}));
    throw Unknown{"there is neither min nor max"};
  };
  r["clamp_min"] = [](const Arguments& a) {
    return clamp_min(a.input(0), a.number({"min", "low", "value"}));
  };
  r["clamp_max"] = [](const Arguments& a) {
    return clamp_max(a.input(0), a.number({"max", "high", "value"}));
  };
}

void add_binary(Registry& r) {
  const std::pair<const char*, Binary> functions[] = {{"mul", mul},
                                                      {"maximum", maximum},
                                                      {"minimum", minimum},
                                                      {"atan2", atan2},
                                                      {"hypot", hypot},
                                                      {"logaddexp", logaddexp},
                                                      {"xlogy", xlogy},
                                                      {"fmod", fmod},
                                                      {"div", div},
                                                      {"remainder", remainder},
                                                      {"mul0", mul0},
                                                      {"eq", eq},
                                                      {"ne", ne},
                                                      {"lt", lt},
                                                      {"le", le},
                                                      {"gt", gt},
                                                      {"ge", ge},
                                                      {"logical_and", logical_and},
                                                      {"logical_or", logical_or},
                                                      {"logical_xor", logical_xor},
                                                      {"pow", pow},
                                                      {"floor_divide", floor_divide}};
  for (const auto& [name, f] : functions)
    r[name] = [f = f](const Arguments& a) { return f(a.input(0), a.required(1, other)); };

  r["add"] = [](const Arguments& a) -> Tensor {
    const Tensor b = a.required(1, other);
    return a.has({"alpha"}) ? a.input(0) + a.number({"alpha"}) * b : a.input(0) + b;
  };
  r["sub"] = [](const Arguments& a) -> Tensor {
    const Tensor b = a.required(1, other);
    return a.has({"alpha"}) ? a.input(0) - a.number({"alpha"}) * b : a.input(0) - b;
  };
  r["pow"] = [](const Arguments& a) -> Tensor {
    if (a.count() > 1) return pow(a.input(0), a.input(1));
    if (a.has({"base"})) return pow(a.number({"base"}), a.input(0));
    return pow(a.input(0), a.number({"exponent", "p", "y", "n"}));
  };
  r["rpow"] = [](const Arguments& a) { return pow(a.number({"base", "x", "p"}), a.input(0)); };
}

void add_scalar_forms(Registry& r) {
  static constexpr Names number = {"other", "scalar", "c", "value", "s", "b"};
  using WithScalar = Tensor (*)(const Tensor&, Scalar);
  const std::pair<const char*, WithScalar> right[] = {
      {"add_scalar", add},     {"sub_scalar", sub},         {"mul_scalar", mul},
      {"div_scalar", div},     {"maximum_scalar", maximum}, {"minimum_scalar", minimum},
      {"xlogy_scalar", xlogy}, {"fmod_scalar", fmod},       {"eq_scalar", eq},
      {"ne_scalar", ne},       {"lt_scalar", lt},           {"le_scalar", le},
      {"gt_scalar", gt},       {"ge_scalar", ge},           {"remainder_scalar", remainder}};
  for (const auto& [name, f] : right)
    r[name] = [f = f](const Arguments& a) { return f(a.input(0), a.number(number)); };
  r["rsub"] = [](const Arguments& a) { return sub(a.number(number), a.input(0)); };
  r["rdiv"] = [](const Arguments& a) { return div(a.number(number), a.input(0)); };
}

void add_ternary(Registry& r) {
  r["where"] = [](const Arguments& a) {
    const Tensor condition = a.mask(0, {"condition", "mask"});
    return where(condition, a.required(1, {"input", "a", "x"}), a.required(2, {"other", "b", "y"}));
  };
  r["lerp"] = [](const Arguments& a) -> Tensor {
    if (a.count() > 2) return lerp(a.input(0), a.input(1), a.input(2));
    return lerp(a.input(0), a.required(1, {"end"}), a.number({"weight", "w"}));
  };
  r["addcmul"] = [](const Arguments& a) {
    return addcmul(a.input(0), a.input(1), a.input(2), a.number({"value"}, 1));
  };
  r["addcdiv"] = [](const Arguments& a) {
    return addcdiv(a.input(0), a.input(1), a.input(2), a.number({"value"}, 1));
  };
}

// Users' idioms, made of ops: a branch that is not taken, with an infinity or a nan in it.
void add_idioms(Registry& r) {
  const std::pair<const char*, Unary> masked[] = {
      {"where_sqrt", sqrt}, {"where_log", log}, {"where_rsqrt", rsqrt}, {"where_reciprocal", reciprocal}};
  for (const auto& [name, f] : masked)
    r[name] = [f = f](const Arguments& a) {
      const Tensor& x = a.input(0);
      return where(x > 0, f(x), 0);
    };
  r["threshold"] = [](const Arguments& a) {
    const Tensor& x = a.input(0);
    return where(x <= a.number({"threshold"}), a.number({"value"}), x);
  };
}

}  // namespace

void add_elementwise(Registry& r) {
  add_unary(r);
  add_clamps(r);
  add_binary(r);
  add_scalar_forms(r);
  add_ternary(r);
  add_idioms(r);
}

void add_activations(Registry& r) {
  const std::pair<const char*, Unary> functions[] = {
      {"sigmoid", sigmoid},         {"logsigmoid", logsigmoid}, {"silu", silu}, {"mish", mish},
      {"tanhshrink", tanhshrink},   {"softsign", softsign},     {"relu", relu}, {"relu6", relu6},
      {"hardsigmoid", hardsigmoid}, {"hardswish", hardswish},   {"selu", selu}};
  for (const auto& [name, f] : functions) r[name] = [f = f](const Arguments& a) { return f(a.input(0)); };

  r["softplus"] = [](const Arguments& a) {
    return softplus(a.input(0), a.number({"beta"}, 1), a.number({"threshold"}, 20));
  };
  r["gelu"] = [](const Arguments& a) {
    const std::string how = a.text({"approximate"}, "none");
    if (how != "none" && how != "tanh") throw Unknown{"approximate " + how};
    return gelu(a.input(0), how == "tanh" ? Approximate::tanh : Approximate::none);
  };
  r["leaky_relu"] = [](const Arguments& a) {
    return leaky_relu(a.input(0), a.number({"negative_slope", "slope", "alpha"}, 0.01));
  };
  r["prelu"] = [](const Arguments& a) { return prelu(a.input(0), a.required(1, {"weight", "w"})); };
  r["elu"] = [](const Arguments& a) { return elu(a.input(0), a.number({"alpha"}, 1)); };
  r["celu"] = [](const Arguments& a) { return celu(a.input(0), a.number({"alpha"}, 1)); };
  r["hardtanh"] = [](const Arguments& a) {
    return hardtanh(a.input(0), a.number({"min_val", "min", "low"}, -1),
                    a.number({"max_val", "max", "high"}, 1));
  };
  r["hardshrink"] = [](const Arguments& a) {
    return hardshrink(a.input(0), a.number({"lambd", "lambda"}, 0.5));
  };
  r["softshrink"] = [](const Arguments& a) {
    return softshrink(a.input(0), a.number({"lambd", "lambda"}, 0.5));
  };
  r["softmax"] = [](const Arguments& a) { return softmax(a.input(0), a.axis(-1)); };
  r["log_softmax"] = [](const Arguments& a) { return log_softmax(a.input(0), a.axis(-1)); };
  r["softmin"] = [](const Arguments& a) { return softmin(a.input(0), a.axis(-1)); };
}

}  // namespace golden
