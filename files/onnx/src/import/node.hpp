#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::onnx::detail {

using Tensors = std::vector<Tensor>;
using Integers = std::vector<std::int64_t>;
using AttributeValue = std::variant<std::int64_t, double, std::string, Integers, std::vector<double>,
                                    std::vector<std::string>, Tensor>;

/// A node of a file: values are numbered in their order.
struct LoadedNode {
  static constexpr std::size_t none = SIZE_MAX;  ///< an optional input that is left out

  std::string type, name;
  std::vector<std::string> input_names, output_names;
  std::vector<std::size_t> inputs, outputs;
  std::map<std::string, AttributeValue, std::less<>> attributes;
};

/// A node that is about to run, with the values of its inputs.
class NodeCall {
 public:
  NodeCall(const LoadedNode& node, std::span<const Tensor> x, int opset)
      : node_(node), x_(x), opset_(opset) {}

  /// The version of the operators, by which some are called otherwise.
  int opset() const { return opset_; }
  std::size_t inputs() const { return x_.size(); }
  std::size_t outputs() const { return node_.outputs.size(); }
  bool wants(std::size_t k) const { return k < node_.output_names.size() && !node_.output_names[k].empty(); }
  bool has(std::size_t i) const { return i < x_.size() && x_[i].defined(); }
  /// An input. Throws Error where it is left out.
  const Tensor& x(std::size_t i) const;
  /// An input, or an undefined tensor.
  Tensor optional(std::size_t i) const { return has(i) ? x_[i] : Tensor(); }
  /// The numbers of an integer input.
  Integers numbers(std::size_t i) const;

  bool has_attribute(std::string_view name) const { return node_.attributes.contains(name); }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string text(std::string_view name, const std::string& otherwise) const;
  std::optional<Integers> list(std::string_view name) const;
  std::optional<std::vector<double>> reals(std::string_view name) const;
  std::optional<std::vector<std::string>> texts(std::string_view name) const;
  std::optional<Tensor> tensor(std::string_view name) const;

  /// Axes that newer versions have as input `i` and older ones as an attribute; none where neither has them.
  std::optional<Integers> axes(std::size_t i) const;
  /// The axis that an attribute names, from 0 on.
  int axis(std::string_view name, std::int64_t otherwise, int rank) const;
  int axis_of(std::int64_t axis, int rank) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  const AttributeValue* find(std::string_view name) const;
  template <class T>
  const T* get(std::string_view name) const;

  const LoadedNode& node_;
  std::span<const Tensor> x_;
  int opset_;
};

using Run = Tensors (*)(const NodeCall&);
using ImportTable = std::map<std::string_view, Run>;

// The families of operators, each in a file of its name.
void add_elementwise(ImportTable& table);
void add_activations(ImportTable& table);
void add_reductions(ImportTable& table);
void add_shapes(ImportTable& table);
void add_indexing(ImportTable& table);
void add_creation(ImportTable& table);
void add_products(ImportTable& table);
void add_images(ImportTable& table);
void add_resizing(ImportTable& table);
void add_normalization(ImportTable& table);
void add_recurrent(ImportTable& table);
void add_losses(ImportTable& table);

/// How each operator is run, by its type.
const ImportTable& import_table();

/// One tensor as what a node makes.
inline Tensors one(Tensor y) {
  Tensors all;
  all.push_back(std::move(y));
  return all;
}

}  // namespace xgrad::onnx::detail
