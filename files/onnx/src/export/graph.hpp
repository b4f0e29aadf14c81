#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "export/dims.hpp"
#include "xgrad/core/tensor.hpp"

namespace onnx {
class AttributeProto;
class GraphProto;
class TensorProto;
}  // namespace onnx

namespace xgrad::onnx::detail {

/// An attribute of a node. Its parts are made in one place, since there are hundreds of calls.
class NodeAttribute {
 public:
  NodeAttribute(const char* name, std::int64_t value);
  NodeAttribute(const char* name, double value);
  NodeAttribute(const char* name, const std::string& value);
  NodeAttribute(const char* name, const std::vector<std::int64_t>& value);
  NodeAttribute(const char* name, const std::vector<std::string>& value);
  NodeAttribute(const char* name, const Tensor& value);
  NodeAttribute(const NodeAttribute&);
  NodeAttribute(NodeAttribute&&) noexcept;
  NodeAttribute& operator=(const NodeAttribute&);
  NodeAttribute& operator=(NodeAttribute&&) noexcept;
  ~NodeAttribute();

  void put(::onnx::AttributeProto& to) const;

 private:
  const char* name_;
  std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<std::string>, Tensor>
      value_;
};
using NodeAttributes = std::vector<NodeAttribute>;
using Names = std::vector<std::string>;

/// The element type of ONNX.
int element_type(DType dtype);
/// Puts a tensor's shape and elements into a message.
void put_tensor(const Tensor& t, const std::string& name, ::onnx::TensorProto& to);

/// A graph that grows node by node. What a node makes is named after its type and a number.
class Graph {
 public:
  /// The size of the batch is read from an axis of this input.
  Graph(std::string batch_input, int batch_axis);
  Graph(Graph&&) noexcept;
  ~Graph();

  /// Adds a node and returns the name of what it makes.
  std::string add(const char* type, Names inputs, const NodeAttributes& attributes = {});
  Names add(const char* type, Names inputs, std::size_t outputs, const NodeAttributes& attributes = {});

  // Constants, as nodes of their own: a program that reads the file takes initializers for weights.
  std::string constant(const Tensor& t);
  std::string number(double value, DType dtype);
  std::string ints(const std::vector<std::int64_t>& values);
  std::string integer(std::int64_t value);  ///< without axes
  /// These sizes as a vector.
  std::string sizes(const Dims& dims);
  /// One of them as a number without axes.
  std::string size(const Dim& dim, DType dtype);

  // Nodes in everyday use.
  std::string cast(const std::string& x, DType dtype);
  std::string cast_to_int32(const std::string& x);  ///< which some operators demand
  std::string reshape(const std::string& x, const Dims& to);
  std::string transpose(const std::string& x, const std::vector<std::int64_t>& axes);
  std::string unsqueeze(const std::string& x, std::vector<std::int64_t> axes);
  std::string squeeze(const std::string& x, std::vector<std::int64_t> axes);
  /// Entries start, start + step, ... before stop.
  std::string slice(const std::string& x, std::int64_t axis, std::int64_t start, std::int64_t stop,
                    std::int64_t step = 1);
  std::string concat(Names parts, std::int64_t axis);

  void add_initializer(const Tensor& t, const std::string& name);
  bool is_taken(const std::string& name) const { return taken_.contains(name); }
  void take(const std::string& name) { taken_.insert_or_assign(name, true); }
  /// Gives what was made so far another name.
  void rename(const std::string& from, const std::string& to);
  /// Nodes that nothing in these outputs needs are left out.
  void prune(const Names& outputs);

  ::onnx::GraphProto& proto() { return *proto_; }

 private:
  std::string fresh(const char* type);
  std::string batch();  ///< the size of the batch, a vector of one

  std::unique_ptr<::onnx::GraphProto> proto_;
  std::map<std::string, bool> taken_;
  std::map<std::string, int> counts_;
  std::map<std::vector<std::int64_t>, std::string> ints_;
  std::string batch_input_, batch_;
  int batch_axis_;
};

}  // namespace xgrad::onnx::detail
