#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::onnx {

namespace detail {
struct LoadedGraph;
}

/// A model that was read from a file of ONNX, run by xgrad's own ops: it has gradients, and its weights are
/// parameters, which an optimizer trains.
///
///     auto net = onnx::load("net.onnx");
///     const Tensor y = net(x);
///
/// Copies share the tensors, as those of a Tensor do.
class Model : public Stateful {
 public:
  /// A value that goes in or comes out.
  struct Value {
    std::string name;
    DType dtype;
    std::vector<std::string> sizes;  ///< numbers, or names of sizes that are free; "?" without a name
    bool ranked = true;              ///< false: nothing is said about the sizes
  };
  /// A node by its type and names, as `xgrad info` shows it.
  struct Node {
    std::string type, name;
    std::vector<std::string> inputs, outputs;
  };

  /// The outputs for these inputs. Throws Error for another number of them, other dtypes or sizes than the
  /// file says, and as the ops do, with the name of the node.
  std::vector<Tensor> operator()(const std::vector<Tensor>& inputs) const;
  /// The output of a model that has one, for one to three inputs.
  Tensor operator()(const Tensor& x) const;
  Tensor operator()(const Tensor& x, const Tensor& y) const;
  Tensor operator()(const Tensor& x, const Tensor& y, const Tensor& z) const;

  /// Names the floating initializers of the file: parameters, and buffers for the statistics of a batch
  /// normalisation and for what `save` had as a buffer.
  void visit(Visitor& v) override;
  /// The learnt tensors in the order of the file.
  std::vector<Tensor> parameters() const;
  std::vector<NamedTensor> named_parameters() const;

  const std::vector<Value>& inputs() const;
  const std::vector<Value>& outputs() const;
  std::vector<Node> nodes() const;
  /// The producer's name, the version of the operators, and the like, by name.
  std::vector<std::pair<std::string, std::string>> metadata() const;

 private:
  friend Model parse(std::string_view bytes, const std::string& name);
  explicit Model(std::shared_ptr<detail::LoadedGraph> graph) : graph_(std::move(graph)) {}

  std::shared_ptr<detail::LoadedGraph> graph_;
};

/// Reads a file of ONNX: operators of ai.onnx up to version 17, IR versions 3 to 8, over the ops that
/// docs/onnx.md lists; float, double, int64 and bool. Narrower integers and halves of weights are widened.
///
/// Throws Error, which names the file, the node and what to do, for anything else: damaged or foreign bytes,
/// newer versions, other operators, cycles, names that nothing makes, weights in other files (which are not
/// opened), sizes that do not fit the bytes that are there.
Model load(const std::string& path);
/// The same of bytes in memory; errors call them `name`.
Model parse(std::string_view bytes, const std::string& name = "the model");

}  // namespace xgrad::onnx
