#include "export/graph.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "protobuf.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::onnx::detail {

NodeAttribute::NodeAttribute(const char* name, std::int64_t value) : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const char* name, double value) : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const char* name, const std::string& value) : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const char* name, const std::vector<std::int64_t>& value)
    : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const char* name, const std::vector<std::string>& value)
    : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const char* name, const Tensor& value) : name_(name), value_(value) {}
NodeAttribute::NodeAttribute(const NodeAttribute&) = default;
NodeAttribute::NodeAttribute(NodeAttribute&&) noexcept = default;
NodeAttribute& NodeAttribute::operator=(const NodeAttribute&) = default;
NodeAttribute& NodeAttribute::operator=(NodeAttribute&&) noexcept = default;
NodeAttribute::~NodeAttribute() = default;

void NodeAttribute::put(::onnx::AttributeProto& to) const {
  using Proto = ::onnx::AttributeProto;
  to.set_name(name_);
  if (const auto* i = std::get_if<std::int64_t>(&value_)) {
    to.set_type(Proto::INT), to.set_i(*i);
  } else if (const auto* f = std::get_if<double>(&value_)) {
    to.set_type(Proto::FLOAT), to.set_f(static_cast<float>(*f));
  } else if (const auto* s = std::get_if<std::string>(&value_)) {
    to.set_type(Proto::STRING), to.set_s(*s);
  } else if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value_)) {
    to.set_type(Proto::INTS);
    for (std::int64_t v : *list) to.add_ints(v);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value_)) {
    to.set_type(Proto::STRINGS);
    for (const std::string& v : *texts) to.add_strings(v);
  } else {
    to.set_type(Proto::TENSOR), put_tensor(std::get<Tensor>(value_), "", *to.mutable_t());
  }
}

Graph::Graph(std::string batch_input, int batch_axis)
    : proto_(std::make_unique<::onnx::GraphProto>()),
      batch_input_(std::move(batch_input)),
      batch_axis_(batch_axis) {}
Graph::Graph(Graph&&) noexcept = default;
Graph::~Graph() = default;

namespace {

/// "matmul_3" of MatMul, "relu" of the first Relu.
std::string lower(const char* type) {
  std::string s(type);
  for (char& c : s)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return s;
}

}  // namespace

int element_type(DType dtype) {
  using Proto = ::onnx::TensorProto;
  switch (dtype) {
    case DType::float32:
      return Proto::FLOAT;
    case DType::float64:
      return Proto::DOUBLE;
    case DType::int64:
      return Proto::INT64;
    default:
      return Proto::BOOL;
  }
}

void put_tensor(const Tensor& t, const std::string& name, ::onnx::TensorProto& to) {
  if (!name.empty()) to.set_name(name);
  to.set_data_type(element_type(t.dtype()));
  for (int i = 0; i < t.dim(); ++i) to.add_dims(t.shape()[i]);
  const auto bytes = static_cast<std::size_t>(t.numel()) * static_cast<std::size_t>(size_of(t.dtype()));
  const auto raw = [&](const auto elements) {
    to.mutable_raw_data()->assign(reinterpret_cast<const char*>(elements.data()), bytes);
  };
  if (t.dtype() == float32) raw(t.data<float>());
  if (t.dtype() == float64) raw(t.data<double>());
  if (t.dtype() == int64) raw(t.data<std::int64_t>());
  if (t.dtype() == boolean) raw(t.data<bool>());
}

std::string Graph::fresh(const char* type) {
  const std::string base = lower(type);
  while (true) {
    const int count = counts_[base]++;
    std::string name = base;
    if (count > 0) (name += '_') += std::to_string(count);
    if (taken_.try_emplace(name, true).second) return name;
  }
}

Names Graph::add(const char* type, Names inputs, std::size_t outputs, const NodeAttributes& attributes) {
  Names made;
  for (std::size_t k = 0; k < outputs; ++k) made.push_back(fresh(type));
  ::onnx::NodeProto& node = *proto_->add_node();
  node.set_op_type(type);
  node.set_name(made[0]);
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  for (std::string& name : inputs) node.add_input(std::move(name));
  for (const std::string& name : made) node.add_output(name);
  for (const NodeAttribute& a : attributes) a.put(*node.add_attribute());
  return made;
}

std::string Graph::add(const char* type, Names inputs, const NodeAttributes& attributes) {
  return add(type, std::move(inputs), 1, attributes)[0];
}

std::string Graph::constant(const Tensor& t) { return add("Constant", {}, {{"value", t}}); }

std::string Graph::number(double value, DType dtype) {
  const NoGrad guard;
  return constant(full({}, value, {.dtype = dtype}));
}

std::string Graph::ints(const std::vector<std::int64_t>& values) {
  std::string& name = ints_[values];
  if (name.empty()) name = constant(values.empty() ? zeros({0}, int64) : tensor(values));
  return name;
}

std::string Graph::integer(std::int64_t value) { return constant(full({}, value, {.dtype = int64})); }

std::string Graph::batch() {
  if (batch_.empty())
    batch_ = add("Shape", {batch_input_},
                 {{"start", std::int64_t{batch_axis_}}, {"end", std::int64_t{batch_axis_} + 1}});
  return batch_;
}

std::string Graph::sizes(const Dims& dims) {
  Names parts;
  std::vector<std::int64_t> run;
  const auto end_run = [&] {
    if (!run.empty()) parts.push_back(ints(run));
    run.clear();
  };
  for (const Dim& d : dims) {
    if (!d.by_batch) {
      run.push_back(d.size);
      continue;
    }
    end_run();
    parts.push_back(d.size == 1 ? batch() : add("Mul", {batch(), ints({d.size})}));
  }
  end_run();
  if (parts.empty()) return ints({});
  return parts.size() == 1 ? parts[0] : concat(parts, 0);
}

std::string Graph::size(const Dim& dim, DType dtype) {
  if (!dim.by_batch) return number(static_cast<double>(dim.size), dtype);
  return cast(squeeze(sizes({dim}), {0}), dtype);
}

std::string Graph::cast(const std::string& x, DType dtype) {
  return add("Cast", {x}, {{"to", std::int64_t{element_type(dtype)}}});
}

std::string Graph::cast_to_int32(const std::string& x) {
  return add("Cast", {x}, {{"to", std::int64_t{::onnx::TensorProto::INT32}}});
}

std::string Graph::reshape(const std::string& x, const Dims& to) {
  std::vector<std::int64_t> shape;
  std::ptrdiff_t by_batch = 0;
  bool zero = false;
  for (const Dim& d : to) {
    by_batch += d.by_batch;
    zero |= !d.by_batch && d.size == 0;
    shape.push_back(d.by_batch ? -1 : d.size);
  }
  // -1 is worked out by the reader, which needs no size of the batch; it cannot where nothing is left.
  if (by_batch > 1 || (by_batch == 1 && zero))
    return add("Reshape", {x, sizes(to)}, {{"allowzero", std::int64_t{1}}});
  if (zero) return add("Reshape", {x, ints(shape)}, {{"allowzero", std::int64_t{1}}});
  return add("Reshape", {x, ints(shape)});
}

std::string Graph::transpose(const std::string& x, const std::vector<std::int64_t>& axes) {
  return add("Transpose", {x}, {{"perm", axes}});
}

std::string Graph::unsqueeze(const std::string& x, std::vector<std::int64_t> axes) {
  return add("Unsqueeze", {x, ints(axes)});
}

std::string Graph::squeeze(const std::string& x, std::vector<std::int64_t> axes) {
  return add("Squeeze", {x, ints(axes)});
}

std::string Graph::slice(const std::string& x, std::int64_t axis, std::int64_t start, std::int64_t stop,
                         std::int64_t step) {
  return add("Slice", {x, ints({start}), ints({stop}), ints({axis}), ints({step})});
}

std::string Graph::concat(Names parts, std::int64_t axis) {
  return add("Concat", std::move(parts), {{"axis", axis}});
}

void Graph::add_initializer(const Tensor& t, const std::string& name) {
  put_tensor(t, name, *proto_->add_initializer());
}

void Graph::rename(const std::string& from, const std::string& to) {
  const auto replace = [&](std::string& name) {
    if (name == from) name = to;
  };
  for (::onnx::NodeProto& node : *proto_->mutable_node()) {
    for (std::string& name : *node.mutable_input()) replace(name);
    for (std::string& name : *node.mutable_output()) replace(name);
  }
  take(to);
}

void Graph::prune(const Names& outputs) {
  std::set<std::string> needed(outputs.begin(), outputs.end());
  std::vector<::onnx::NodeProto> kept;
  for (int k = proto_->node_size() - 1; k >= 0; --k) {
    ::onnx::NodeProto& node = *proto_->mutable_node(k);
    if (std::ranges::none_of(node.output(), [&](const std::string& name) { return needed.contains(name); }))
      continue;
    needed.insert(node.input().begin(), node.input().end());
    kept.push_back(std::move(node));
  }
  proto_->clear_node();
  for (auto node = kept.rbegin(); node != kept.rend(); ++node) *proto_->add_node() = std::move(*node);
  std::vector<::onnx::TensorProto> initializers;
  for (::onnx::TensorProto& t : *proto_->mutable_initializer())
    if (needed.contains(t.name())) initializers.push_back(std::move(t));
  proto_->clear_initializer();
  for (::onnx::TensorProto& t : initializers) *proto_->add_initializer() = std::move(t);
}

}  // namespace xgrad::onnx::detail
