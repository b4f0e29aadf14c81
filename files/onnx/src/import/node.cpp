#include "import/node.hpp"

#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

const Tensor& NodeCall::x(std::size_t i) const {
  if (!has(i)) fail("input " + std::to_string(i) + " is left out, which it needs; get the file again");
  return x_[i];
}

Integers NodeCall::numbers(std::size_t i) const {
  const Tensor& t = x(i);
  if (t.dtype() != int64 || t.dim() > 1)
    fail("input " + std::to_string(i) + " must be a vector of integers: it is " + t.describe() +
         "; get the file again");
  return t.to_vector<std::int64_t>();
}

const AttributeValue* NodeCall::find(std::string_view name) const {
  const auto found = node_.attributes.find(name);
  return found == node_.attributes.end() ? nullptr : &found->second;
}

template <class T>
const T* NodeCall::get(std::string_view name) const {
  const AttributeValue* value = find(name);
  if (!value) return nullptr;
  if (const T* found = std::get_if<T>(value)) return found;
  fail("the attribute " + std::string(name) + " is of another type than it must be; get the file again");
}

std::int64_t NodeCall::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* value = get<std::int64_t>(name);
  return value ? *value : otherwise;
}
double NodeCall::real(std::string_view name, double otherwise) const {
  const auto* value = get<double>(name);
  return value ? *value : otherwise;
}
std::string NodeCall::text(std::string_view name, const std::string& otherwise) const {
  const auto* value = get<std::string>(name);
  return value ? *value : otherwise;
}

namespace {
template <class T>
std::optional<T> copied(const T* value) {
  return value ? std::optional<T>(*value) : std::nullopt;
}
}  // namespace

std::optional<Integers> NodeCall::list(std::string_view name) const { return copied(get<Integers>(name)); }
std::optional<std::vector<double>> NodeCall::reals(std::string_view name) const {
  return copied(get<std::vector<double>>(name));
}
std::optional<std::vector<std::string>> NodeCall::texts(std::string_view name) const {
  return copied(get<std::vector<std::string>>(name));
}
std::optional<Tensor> NodeCall::tensor(std::string_view name) const { return copied(get<Tensor>(name)); }

std::optional<Integers> NodeCall::axes(std::size_t i) const {
  if (has(i)) return numbers(i);
  return list("axes");
}

int NodeCall::axis_of(std::int64_t axis, int rank) const {
  const std::int64_t at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank)
    fail("axis " + std::to_string(axis) + " must be one of the " + std::to_string(rank) +
         " axes that there are");
  return static_cast<int>(at);
}

int NodeCall::axis(std::string_view name, std::int64_t otherwise, int rank) const {
  return axis_of(integer(name, otherwise), rank);
}

void NodeCall::fail(const std::string& what) const { throw Error(what); }

const ImportTable& import_table() {
  static const ImportTable table = [] {
    ImportTable t;
    add_elementwise(t), add_activations(t), add_reductions(t), add_shapes(t), add_indexing(t),
        add_creation(t);
    add_products(t), add_images(t), add_resizing(t), add_normalization(t), add_recurrent(t), add_losses(t);
    return t;
  }();
  return table;
}

}  // namespace xgrad::onnx::detail
