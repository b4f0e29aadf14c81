#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace golden {

/// What an op gives back, in PyTorch's order.
struct Outputs : std::vector<Tensor> {
  Outputs(const Tensor& one) : std::vector<Tensor>{one} {}                                 // NOLINT
  Outputs(std::vector<Tensor> all) : std::vector<Tensor>(std::move(all)) {}                // NOLINT
  Outputs(const xgrad::ValuesAndIndices& v) : std::vector<Tensor>{v.values, v.indices} {}  // NOLINT
};

/// A call of the public interface.
using Call = std::function<Outputs(const Arguments&)>;

/// Ops by name, PyTorch's without `torch.` and `nn.functional.`.
using Registry = std::map<std::string, Call>;

void add_elementwise(Registry& r);
void add_activations(Registry& r);
void add_reductions(Registry& r);
void add_shapes(Registry& r);
void add_indexing(Registry& r);
void add_linear_algebra(Registry& r);
void add_networks(Registry& r);
void add_losses(Registry& r);

/// The op that a case names and the attributes that its name implies: "cat1" is cat with dim 1,
/// "min_dim" is min with an axis, "kl_batchmean" is kl_div with that reduction.
struct Named {
  const Call* call = nullptr;  ///< null for a name that means nothing here
  std::string op;
  Json implied = Json::object();
};
Named find_op(const std::string& name);

}  // namespace golden
