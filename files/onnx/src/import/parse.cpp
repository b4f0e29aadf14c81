#include <algorithm>
#include <set>

#include "import/graph.hpp"
#include "import/tensor.hpp"
#include "xgrad/core/error.hpp"

// From a message to a graph: whatever is in a file is checked before it is believed.

namespace xgrad::onnx::detail {

namespace {

constexpr int newest_ir = 8, oldest_ir = 3, newest_opset = 17, oldest_opset = 1;

AttributeValue value_of(const ::onnx::AttributeProto& a) {
  using Proto = ::onnx::AttributeProto;
  switch (a.type()) {
    case Proto::INT:
      return a.i();
    case Proto::FLOAT:
      return static_cast<double>(a.f());
    case Proto::STRING:
      return a.s();
    case Proto::INTS:
      return Integers(a.ints().begin(), a.ints().end());
    case Proto::FLOATS:
      return std::vector<double>(a.floats().begin(), a.floats().end());
    case Proto::STRINGS:
      return std::vector<std::string>(a.strings().begin(), a.strings().end());
    case Proto::TENSOR:
      return tensor_of(a.t());
    default:
      throw Error("the attribute " + a.name() +
                  " is a graph, a sparse tensor or a list of such, which are not supported; export the model "
                  "without control flow");
  }
}

class Parser {
 public:
  Parser(LoadedGraph& to, const ::onnx::ModelProto& model) : to_(to), model_(model), graph_(model.graph()) {}

  void run() {
    check_versions();
    read_metadata();
    if (graph_.node_size() == 0 && graph_.output_size() == 0)
      to_.fail("there is no graph in it; it is no model of ONNX, or empty");
    if (graph_.sparse_initializer_size() > 0)
      to_.fail("it has sparse weights, which are not supported; export the model without them");
    read_weights();
    read_inputs();
    for (int k = 0; k < graph_.node_size(); ++k) read_node(k);
    read_outputs();
    to_.values = places_.size();
    find_last_uses();
  }

 private:
  void check_versions() {
    if (!model_.has_ir_version())
      to_.fail("it says no IR version, as every model of ONNX does; it is something else, or damaged");
    if (model_.ir_version() > newest_ir || model_.ir_version() < oldest_ir)
      to_.fail("it has IR version " + std::to_string(model_.ir_version()) + ", and " +
               std::to_string(oldest_ir) + " to " + std::to_string(newest_ir) +
               " are supported; export the model for opset " + std::to_string(newest_opset));
    for (const auto& set : model_.opset_import())
      if (set.domain().empty() || set.domain() == "ai.onnx")
        to_.opset = static_cast<int>(std::clamp<std::int64_t>(set.version(), -1, 1 << 20));
    if (to_.opset > newest_opset || to_.opset < oldest_opset)
      to_.fail("it has version " + std::to_string(to_.opset) + " of the operators, and " +
               std::to_string(oldest_opset) + " to " + std::to_string(newest_opset) +
               " are supported; export the model for opset " + std::to_string(newest_opset));
    if (model_.functions_size() > 0)
      to_.fail("it defines functions of its own, which are not supported; export the model without them");
  }

  void read_metadata() {
    to_.metadata = {{"ir_version", std::to_string(model_.ir_version())},
                    {"opset", std::to_string(to_.opset)},
                    {"producer", model_.producer_name()},
                    {"graph", graph_.name()}};
    for (const auto& entry : model_.metadata_props()) {
      to_.metadata.emplace_back(entry.key(), entry.value());
      if (entry.key() != "xgrad.buffers") continue;
      for (std::size_t at = 0; at <= entry.value().size();) {
        const std::size_t end = std::min(entry.value().find('\n', at), entry.value().size());
        not_learnt_.insert(entry.value().substr(at, end - at));
        at = end + 1;
      }
    }
  }

  /// The statistics of a batch are no parameters.
  void find_statistics() {
    for (const auto& node : graph_.node())
      if (node.op_type() == "BatchNormalization")
        for (int i = 3; i < std::min(node.input_size(), 5); ++i) not_learnt_.insert(node.input(i));
  }

  void read_weights() {
    find_statistics();
    for (const auto& proto : graph_.initializer()) {
      const std::string place = "the initializer '" + proto.name() + "': ";
      if (proto.name().empty()) to_.fail("an initializer has no name; get the file again");
      if (places_.contains(proto.name())) to_.fail(place + "there are two of that name; get the file again");
      Tensor t;
      try {
        t = tensor_of(proto);
      } catch (const Error& e) {
        to_.fail(place + e.what());
      }
      const bool learnt = is_floating(t.dtype()) && !not_learnt_.contains(proto.name());
      if (learnt) t.requires_grad_();
      to_.weights.push_back({proto.name(), add(proto.name()), std::move(t), learnt});
    }
  }

  Model::Value described(const ::onnx::ValueInfoProto& info, bool typed) {
    Model::Value v{info.name(), float32, {}};
    const auto& type = info.type();
    if (!type.has_tensor_type()) {
      if (typed)
        to_.fail("'" + info.name() +
                 "' is no tensor but a sequence, a map or nothing, which are not supported; export the model "
                 "without");
      v.ranked = false;
      return v;
    }
    try {
      v.dtype = dtype_of_element(type.tensor_type().elem_type());
    } catch (const Error& e) {
      if (typed) to_.fail("'" + info.name() + "': " + e.what());
    }
    v.ranked = type.tensor_type().has_shape();
    for (const auto& dim : type.tensor_type().shape().dim()) {
      if (dim.has_dim_value() && dim.dim_value() < 0)
        to_.fail("'" + info.name() + "' has the size " + std::to_string(dim.dim_value()) +
                 ", which must not be negative; get the file again");
      v.sizes.push_back(dim.has_dim_value()       ? std::to_string(dim.dim_value())
                        : dim.dim_param().empty() ? "?"
                                                  : "'" + dim.dim_param() + "'");
    }
    return v;
  }

  void read_inputs() {
    for (const auto& info : graph_.input()) {
      if (info.name().empty()) to_.fail("an input has no name; get the file again");
      if (const auto found = places_.find(info.name()); found != places_.end()) {
        if (found->second >= to_.weights.size())
          to_.fail("two inputs are named '" + info.name() + "'; get the file again");
        continue;  // older versions list the weights among the inputs
      }
      to_.inputs.push_back(described(info, true));
      to_.input_places.push_back(add(info.name()));
    }
  }

  void read_node(int k) {
    const auto& proto = graph_.node(k);
    LoadedNode node{proto.op_type(),
                    proto.name(),
                    {proto.input().begin(), proto.input().end()},
                    {proto.output().begin(), proto.output().end()},
                    {},
                    {},
                    {}};
    const std::string place = "node " + std::to_string(k) + " '" + node.name + "' (" + node.type + "): ";
    if (!proto.domain().empty() && proto.domain() != "ai.onnx")
      to_.fail(place + "it is of the domain " + proto.domain() +
               ", which is not supported; export the model with operators of ai.onnx only");
    if (!import_table().contains(node.type))
      to_.fail(
          place +
          "this operator is not supported; docs/onnx.md lists those that are, export the model with them");
    for (const std::string& name : node.input_names) {
      if (name.empty()) {
        node.inputs.push_back(LoadedNode::none);
        continue;
      }
      const auto found = places_.find(name);
      if (found == places_.end())
        to_.fail(place + "it reads '" + name + "', which " +
                 (made_later(k, name)
                      ? "is made behind it, so that nodes go in a circle or are not in their order"
                      : "nothing makes") +
                 "; export the model again");
      node.inputs.push_back(found->second);
    }
    for (const auto& attribute : proto.attribute()) {
      try {
        node.attributes[attribute.name()] = value_of(attribute);
      } catch (const Error& e) {
        to_.fail(place + e.what());
      }
    }
    check_old(node, place);
    if (node.output_names.empty()) to_.fail(place + "it makes nothing; get the file again");
    for (const std::string& name : node.output_names) {
      if (!name.empty() && places_.contains(name))
        to_.fail(place + "it makes '" + name + "', which is there already; get the file again");
      node.outputs.push_back(name.empty() ? LoadedNode::none : add(name));
    }
    to_.nodes.push_back(std::move(node));
  }

  /// What the first versions had otherwise: axes to broadcast along, and layers in training unless they say
  /// so.
  void check_old(const LoadedNode& node, const std::string& place) const {
    if (to_.opset >= 7) return;
    const auto is_on = [&](std::string_view name) {
      const auto found = node.attributes.find(name);
      const auto* number =
          found == node.attributes.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
      return number && *number != 0;
    };
    const bool trains = (node.type == "BatchNormalization" || node.type == "Dropout") && !is_on("is_test");
    const bool aligned = is_on("broadcast") && node.attributes.contains("axis");
    if (trains || aligned)
      to_.fail(place + "version " + std::to_string(to_.opset) +
               " of this operator is not supported; export the model for opset 7 to 17");
  }

  bool made_later(int k, const std::string& name) const {
    for (; k < graph_.node_size(); ++k)
      if (std::ranges::find(graph_.node(k).output(), name) != graph_.node(k).output().end()) return true;
    return false;
  }

  void read_outputs() {
    for (const auto& info : graph_.output()) {
      const auto found = places_.find(info.name());
      if (found == places_.end())
        to_.fail("nothing makes the output '" + info.name() + "'; get the file again");
      to_.outputs.push_back(described(info, false));
      to_.output_places.push_back(found->second);
    }
  }

  void find_last_uses() {
    std::vector<bool> needed(to_.values);
    for (std::size_t i : to_.output_places) needed[i] = true;
    for (const auto& w : to_.weights) needed[w.value] = true;
    to_.last_uses.resize(to_.nodes.size());
    for (std::size_t k = to_.nodes.size(); k-- > 0;) {
      const auto use = [&](std::size_t i) {
        if (i != LoadedNode::none && !needed[i]) needed[i] = true, to_.last_uses[k].push_back(i);
      };
      std::ranges::for_each(to_.nodes[k].inputs, use);
      std::ranges::for_each(to_.nodes[k].outputs, use);
    }
  }

  std::size_t add(const std::string& name) {
    const std::size_t place = places_.size();
    places_.emplace(name, place);
    return place;
  }

  LoadedGraph& to_;
  const ::onnx::ModelProto& model_;
  const ::onnx::GraphProto& graph_;
  std::map<std::string, std::size_t> places_;
  std::set<std::string> not_learnt_;
};

}  // namespace

void read_graph(const ::onnx::ModelProto& model, LoadedGraph& to) { Parser(to, model).run(); }

}  // namespace xgrad::onnx::detail
