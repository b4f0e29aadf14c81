#include "export/batch_norm.hpp"

#include <optional>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::onnx::detail {

namespace {

/// Looks back from a call over those that made its operands.
class LookBack {
 public:
  explicit LookBack(const Program& p) : program_(p) {}

  /// The call of this op that made a value; null where another one did.
  const Program::Call* made_by(std::size_t value, std::string_view op) const {
    for (std::size_t k = program_.calls().size(); k-- > 0;)
      for (std::size_t made : program_.calls()[k].outputs)
        if (made == value) return program_.calls()[k].op == op ? &program_.calls()[k] : nullptr;
    return nullptr;
  }
  /// The vector [channels] that lies along axis 1 of x as this value.
  std::optional<std::size_t> per_channel(std::size_t value, const Shape& x) const {
    const Shape& shape = program_.values()[value].shape;
    if (x.rank() < 2 || shape.rank() != x.rank() - 1 || shape[0] != x[1] || shape.numel() != x[1]) return {};
    if (const auto* reshaped = made_by(value, "reshape")) value = reshaped->inputs[0];
    if (program_.values()[value].shape.rank() != 1) return {};
    return value;
  }

 private:
  const Program& program_;
};

struct Found {
  std::size_t x, mean, variance;
  double eps;
};

/// (x - mean) * rsqrt(variance + eps)
std::optional<Found> normalized(const LookBack& back, const Program& p, const Program::Call* product) {
  if (!product) return {};
  const auto* difference = back.made_by(product->inputs[0], "sub");
  if (!difference) return {};
  const std::size_t x = difference->inputs[0];
  const Shape& shape = p.values()[x].shape;
  const auto mean = back.per_channel(difference->inputs[1], shape),
             scale = back.per_channel(product->inputs[1], shape);
  if (!mean || !scale) return {};
  const auto* root = back.made_by(*scale, "rsqrt");
  const auto* sum = root ? back.made_by(root->inputs[0], "add_number") : nullptr;
  if (!sum) return {};
  const auto* eps = std::get_if<double>(&sum->attributes.at(0).value);
  if (!eps) return {};
  return Found{x, *mean, sum->inputs[0], *eps};
}

}  // namespace

bool give_batch_norm(ExportedCall& c) {
  const Program& p = c.program();
  const LookBack back(p);
  const Program::Call *last = &c.call(), *product = last;
  std::optional<std::size_t> weight, bias;
  if (last->op == "add") {
    bias = back.per_channel(last->inputs[1], c.shape(0));
    product = bias ? back.made_by(last->inputs[0], "mul") : nullptr;
  }
  auto found = normalized(back, p, product);
  if (!found && product) {
    weight = back.per_channel(product->inputs[1], c.result_shape());
    if (weight) found = normalized(back, p, back.made_by(product->inputs[0], "mul"));
  }
  const DType dtype = c.result_dtype();
  if (!found || !fits_attribute(found->eps, dtype)) return false;
  const NoGrad guard;
  const std::int64_t channels = c.result_shape()[1];
  const auto filled = [&](std::optional<std::size_t> value, double otherwise) {
    return value ? c.name_of(*value) : c.graph.constant(full({channels}, otherwise, {.dtype = dtype}));
  };
  c.give(c.graph.add("BatchNormalization",
                     {c.name_of(found->x), filled(weight, 1), filled(bias, 0), c.name_of(found->mean),
                      c.name_of(found->variance)},
                     {{"epsilon", found->eps}}));
  return true;
}

}  // namespace xgrad::onnx::detail
