#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "export/graph.hpp"
#include "xgrad/core/program.hpp"

namespace xgrad::onnx::detail {

/// What is exported: a program, and the same of another batch where there is one.
struct Source {
  const Program& program;
  const Program* other = nullptr;
  std::int64_t batch = 1, other_batch = 1;

  /// The sizes of a value; false where they are no multiples of the batch's.
  bool dims(std::size_t value, Dims& to) const;
};

/// One call of the program, as those who write it down as nodes see it.
class ExportedCall {
 public:
  ExportedCall(Graph& g, const Source& source, std::size_t place, std::vector<std::string>& names)
      : graph(g), source_(source), place_(place), names_(names) {}

  Graph& graph;

  std::size_t inputs() const { return call().inputs.size(); }
  std::size_t outputs() const { return call().outputs.size(); }
  /// The name of an input.
  const std::string& x(std::size_t i) const { return names_[call().inputs.at(i)]; }
  const Shape& shape(std::size_t i) const { return value(call().inputs.at(i)).shape; }
  DType dtype(std::size_t i) const { return value(call().inputs.at(i)).dtype; }
  Dims dims(std::size_t i) const { return dims_of(call().inputs.at(i)); }
  std::int64_t rank(std::size_t i) const { return shape(i).rank(); }

  const Shape& result_shape(std::size_t k = 0) const { return value(call().outputs.at(k)).shape; }
  DType result_dtype(std::size_t k = 0) const { return value(call().outputs.at(k)).dtype; }
  Dims result_dims(std::size_t k = 0) const { return dims_of(call().outputs.at(k)); }

  /// An attribute of the op. One that hangs on the size of the batch is an Error.
  bool flag(const char* name) const { return get<bool>(name); }
  std::int64_t integer(const char* name) const { return get<std::int64_t>(name); }
  std::string text(const char* name) const { return get<std::string>(name); }
  std::vector<std::int64_t> list(const char* name) const { return get<std::vector<std::int64_t>>(name); }
  double real(const char* name) const;

  const Program& program() const { return source_.program; }
  const Program::Call& call() const { return program().calls()[place_]; }
  const Program::Value& value(std::size_t at) const { return source_.program.values()[at]; }
  const std::string& name_of(std::size_t at) const { return names_[at]; }

  /// Says what the k-th output is called.
  void give(std::string name, std::size_t k = 0) { names_[call().outputs.at(k)] = std::move(name); }
  const std::string& op() const { return call().op; }
  [[noreturn]] void fail(const std::string& what) const;

 private:
  Dims dims_of(std::size_t value) const;
  const Attribute& attribute(const char* name) const;
  template <class T>
  T get(const char* name) const {
    return std::get<T>(attribute(name).value);
  }

  const Source& source_;
  std::size_t place_;
  std::vector<std::string>& names_;
};

using Emit = void (*)(ExportedCall&);
using ExportTable = std::map<std::string_view, Emit>;

// The families of ops, each in a file of its name.
void add_arithmetic(ExportTable& table);
void add_unary(ExportTable& table);
void add_activations(ExportTable& table);
void add_comparisons(ExportTable& table);
void add_reductions(ExportTable& table);
void add_shapes(ExportTable& table);
void add_parts(ExportTable& table);
void add_indexing(ExportTable& table);
void add_linear_algebra(ExportTable& table);
void add_images(ExportTable& table);
void add_normalization(ExportTable& table);
void add_recurrent(ExportTable& table);
void add_losses(ExportTable& table);
void add_creation(ExportTable& table);

/// How each op is written down, by its name.
const ExportTable& export_table();

/// True where a number is the same in float32, which attributes of ONNX are, or where nothing better is
/// asked.
inline bool fits_attribute(double value, DType dtype) {
  return dtype == float32 || static_cast<double>(static_cast<float>(value)) == value;
}

}  // namespace xgrad::onnx::detail
