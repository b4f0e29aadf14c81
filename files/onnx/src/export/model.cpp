#include "export/model.hpp"

#include <algorithm>
#include <map>

#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

namespace {

constexpr int opset = 17, ir_version = 8;

[[noreturn]] void fail(const std::string& what) { throw Error("onnx::save: " + what); }

void put_type(const Dims& dims, DType dtype, const std::string& name, ::onnx::ValueInfoProto& to) {
  to.set_name(name);
  ::onnx::TypeProto_Tensor& type = *to.mutable_type()->mutable_tensor_type();
  type.set_elem_type(element_type(dtype));
  type.mutable_shape();
  for (const Dim& d : dims) {
    auto& dim = *type.mutable_shape()->add_dim();
    if (!d.by_batch)
      dim.set_dim_value(d.size);
    else
      dim.set_dim_param(d.size == 1 ? "batch" : "batch_times_" + std::to_string(d.size));
  }
}

/// "input", "input_1", ... where a name is left out.
std::string name_from(const std::vector<std::string>& names, const char* otherwise, std::size_t k) {
  if (k < names.size() && !names[k].empty()) return names[k];
  std::string name = otherwise;
  if (k > 0) (name += '_') += std::to_string(k);
  return name;
}

void check_count(const std::vector<std::string>& names, std::size_t count, const char* of) {
  if (names.size() > count)
    fail("there are more " + std::string(of) + " than " + std::to_string(count) + ": " +
         std::to_string(names.size()) + "; leave the others out");
}

class Exporter {
 public:
  Exporter(const Source& source, const SaveOptions& options)
      : source_(source),
        options_(options),
        program_(source.program),
        names_(program_.values().size()),
        graph_(first_batch()) {}

  ::onnx::ModelProto run() {
    check_count(options_.input_names, program_.inputs().size(), "input_names");
    check_count(options_.output_names, program_.outputs().size(), "output_names");
    add_inputs();
    add_constants();
    for (std::size_t k = 0; k < program_.calls().size(); ++k) add_call(k);
    add_outputs();
    ::onnx::ModelProto model;
    model.set_ir_version(ir_version);
    model.set_producer_name("xgrad");
    ::onnx::OperatorSetIdProto& set = *model.add_opset_import();
    set.set_domain(""), set.set_version(opset);
    *model.mutable_graph() = std::move(graph_.proto());
    model.mutable_graph()->set_name("xgrad");
    if (!buffers_.empty()) {
      auto& entry = *model.add_metadata_props();
      entry.set_key("xgrad.buffers"), entry.set_value(buffers_);
    }
    return model;
  }

 private:
  /// Where the size of the batch is read from: an input and its axis.
  Graph first_batch() {
    for (std::size_t k = 0; k < program_.inputs().size(); ++k) {
      const Dims dims = input_dims(k);
      for (std::size_t i = 0; i < dims.size(); ++i)
        if (dims[i].by_batch && dims[i].size == 1)
          return Graph(name_from(options_.input_names, "input", k), static_cast<int>(i));
    }
    if (source_.other) fail("no axis of an input is the batch's; save one program alone");
    return Graph("", 0);
  }

  Dims input_dims(std::size_t k) {
    Dims dims;
    if (!source_.dims(program_.inputs()[k], dims))
      fail("input " + std::to_string(k) +
           " has a size that is no multiple of the batch's; it must be the batch's own, or fixed");
    return dims;
  }

  void add_inputs() {
    for (std::size_t k = 0; k < program_.inputs().size(); ++k) {
      const std::size_t at = program_.inputs()[k];
      names_[at] = name_from(options_.input_names, "input", k);
      if (graph_.is_taken(names_[at]))
        fail("two inputs are named '" + names_[at] + "'; give each a name of its own");
      graph_.take(names_[at]);
      put_type(input_dims(k), program_.values()[at].dtype, names_[at], *graph_.proto().add_input());
    }
    for (std::size_t k = 0; k < program_.outputs().size(); ++k) {
      const std::string name = name_from(options_.output_names, "output", k);
      if (graph_.is_taken(name))
        fail("an output has a name that is taken: '" + name + "'; give it another one");
      graph_.take(name);
    }
  }

  /// Weights become initializers under their names, other constants nodes.
  void add_constants() {
    std::map<const void*, const NamedTensor*> named;
    for (const NamedTensor& w : options_.weights)
      if (w.tensor.defined()) named.try_emplace(w.tensor.node(), &w);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const Tensor& t = program_.values()[i].constant;
      if (!t.defined()) continue;
      const auto found = named.find(t.node());
      if (found == named.end() && !t.requires_grad()) {
        names_[i] = graph_.constant(t.detach());
        continue;
      }
      names_[i] = found == named.end() ? next_weight() : found->second->name;
      if (found != named.end() && graph_.is_taken(names_[i]))
        fail("a weight has a name that is taken: '" + names_[i] +
             "'; give the inputs and outputs others by {.input_names, .output_names}");
      graph_.take(names_[i]);
      graph_.add_initializer(t.detach(), names_[i]);
      if (!t.requires_grad()) buffers_ += (buffers_.empty() ? "" : "\n") + names_[i];
    }
  }

  std::string next_weight() {
    while (true) {
      const std::string name = weights_ == 0 ? "weight" : "weight_" + std::to_string(weights_);
      ++weights_;
      if (!graph_.is_taken(name)) return name;
    }
  }

  void add_call(std::size_t k) {
    const Program::Call& call = program_.calls()[k];
    const auto found = export_table().find(call.op);
    ExportedCall exported(graph_, source_, k, names_);
    if (found == export_table().end()) refuse(exported);
    found->second(exported);
  }

  [[noreturn]] static void refuse(const ExportedCall& call) {
    static const std::vector<std::string_view> random = {"dropout",  "rand",      "randn",      "randint",
                                                         "randperm", "bernoulli", "multinomial"};
    if (call.op() == "dropout")
      call.fail("it drops at random, which belongs to training; call eval() on the model before it is saved");
    if (std::ranges::find(random, call.op()) != random.end())
      call.fail(
          "it draws random numbers, which a file cannot repeat; draw them outside and pass them as an input");
    call.fail(
        "ONNX has no op for it; leave it out of the function that is saved, or write it in other ops "
        "(docs/onnx.md lists them)");
  }

  void add_outputs() {
    Names outputs, computed;
    for (std::size_t k = 0; k < program_.outputs().size(); ++k) {
      const std::size_t at = program_.outputs()[k];
      const std::string name = name_from(options_.output_names, "output", k);
      // An input, a weight, and what is an output already, keep their names.
      const bool made = std::ranges::any_of(graph_.proto().node(), [&](const auto& node) {
        return std::ranges::find(node.output(), names_[at]) != node.output().end();
      });
      if (made && std::ranges::find(outputs, names_[at]) == outputs.end()) {
        graph_.rename(names_[at], name);
        for (std::string& other : names_)
          if (&other != &names_[at] && other == names_[at]) other = name;
        names_[at] = name;
      } else {
        const std::string copy = graph_.add("Identity", {names_[at]});
        graph_.rename(copy, name);
      }
      outputs.push_back(name);
      Dims dims;
      if (!source_.dims(at, dims))
        fail("output " + std::to_string(k) +
             " has a size that is no multiple of the batch's; save with {.dynamic_batch = false}");
      put_type(dims, program_.values()[at].dtype, name, *graph_.proto().add_output());
    }
    graph_.prune(outputs);
  }

  const Source& source_;
  const SaveOptions& options_;
  const Program& program_;
  std::vector<std::string> names_;
  Graph graph_;
  std::string buffers_;
  std::size_t weights_ = 0;
};

}  // namespace

::onnx::ModelProto model_of(const Source& source, const SaveOptions& options) {
  ::onnx::ModelProto model = Exporter(source, options).run();
  check_model(model);
  return model;
}

}  // namespace xgrad::onnx::detail
