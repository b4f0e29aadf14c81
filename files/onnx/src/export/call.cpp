#include "export/call.hpp"

#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

bool Source::dims(std::size_t at, Dims& to) const {
  const Shape& a = program.values()[at].shape;
  to.clear();
  if (!other) {
    for (int i = 0; i < a.rank(); ++i) to.push_back({a[i]});
    return true;
  }
  const Shape& b = other->values()[at].shape;
  for (int i = 0; i < a.rank(); ++i) {
    if (a[i] == b[i]) {
      to.push_back({a[i]});
      continue;
    }
    if (a[i] % batch != 0 || b[i] % other_batch != 0 || a[i] / batch != b[i] / other_batch) return false;
    to.push_back({a[i] / batch, true});
  }
  return true;
}

Dims ExportedCall::dims_of(std::size_t at) const {
  Dims dims;
  if (!source_.dims(at, dims))
    fail("a size is no multiple of the batch's: it is " + value(at).shape.str() + " for a batch of " +
         std::to_string(source_.batch) + " and " + source_.other->values()[at].shape.str() + " for one of " +
         std::to_string(source_.other_batch) + "; save with {.dynamic_batch = false}");
  return dims;
}

const Attribute& ExportedCall::attribute(const char* name) const {
  const std::vector<Attribute>& all = call().attributes;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].name != name) continue;
    if (source_.other && source_.other->calls()[place_].attributes[k].value != all[k].value &&
        all[k].value == all[k].value)  // nan is nan
      fail("its " + all[k].name + " hangs on the size of the batch: it is " + to_string(all[k]) + " and " +
           to_string(source_.other->calls()[place_].attributes[k]) + "; save with {.dynamic_batch = false}");
    return all[k];
  }
  fail(std::string("it has no attribute ") + name + "; this is a fault of xgrad, please report it");
}

double ExportedCall::real(const char* name) const {
  const auto& value = attribute(name).value;
  if (const auto* d = std::get_if<double>(&value)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  return std::get<bool>(value) ? 1 : 0;
}

void ExportedCall::fail(const std::string& what) const { throw Error("onnx::save: " + op() + ": " + what); }

const ExportTable& export_table() {
  static const ExportTable table = [] {
    ExportTable t;
    add_arithmetic(t), add_unary(t), add_activations(t), add_comparisons(t), add_reductions(t);
    add_shapes(t), add_parts(t), add_indexing(t), add_linear_algebra(t), add_images(t);
    add_normalization(t), add_recurrent(t), add_losses(t), add_creation(t);
    return t;
  }();
  return table;
}

}  // namespace xgrad::onnx::detail
