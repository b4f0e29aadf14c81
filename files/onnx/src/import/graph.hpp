#pragma once

#include <string>
#include <utility>
#include <vector>

#include "import/node.hpp"
#include "xgrad/core/state/visitor.hpp"
#include "xgrad/onnx/load.hpp"

namespace onnx {
class ModelProto;
}

namespace xgrad::onnx::detail {

/// What a file holds: numbered values, those that are given with it, and the nodes that make the others.
struct LoadedGraph {
  struct Weight {
    std::string name;
    std::size_t value;
    Tensor tensor;
    bool learnt;
  };

  std::string file;
  int opset = 0;
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<Model::Value> inputs = {}, outputs = {};
  std::vector<std::size_t> input_places = {}, output_places = {};
  std::vector<Weight> weights = {};
  std::vector<LoadedNode> nodes = {};
  std::vector<std::vector<std::size_t>> last_uses = {};  ///< by node: values that none behind it needs
  std::size_t values = 0;

  std::vector<Tensor> run(const std::vector<Tensor>& x) const;
  [[noreturn]] void fail(const std::string& what) const;

 private:
  void check_input(std::size_t k, const Tensor& x) const;
};

/// Takes a graph out of a message. Throws Error for whatever is wrong with it or not supported.
void read_graph(const ::onnx::ModelProto& model, LoadedGraph& to);

}  // namespace xgrad::onnx::detail
