#include "xgrad/train/parts.hpp"

#include <cmath>
#include <set>

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"

namespace xgrad::train {

Tensor Predictor::general(const std::vector<Tensor>& inputs) const {
  if (of_many_) return of_many_(inputs);
  if (inputs.size() != 1)
    throw Error("fit: the model takes one tensor, and a batch has " + std::to_string(inputs.size()) +
                " besides its target; give a function of a std::vector<Tensor> in its place");
  return direct_ ? (*direct_)(inputs.front()) : of_one_(inputs.front());
}

Loss::Loss(std::vector<Part> parts) : parts_(std::move(parts)) {
  std::set<std::string> names;
  if (parts_.empty()) throw Error("Loss: there must be a part; give at least one {name, function, weight}");
  for (const Part& part : parts_) {
    if (part.name.empty() || !names.insert(part.name).second)
      throw Error("Loss: each part needs a name of its own: \"" + part.name + "\" does not tell it apart");
    if (!std::isfinite(part.weight))
      throw Error("Loss: the weight must be finite: that of \"" + part.name + "\" is " +
                  std::to_string(part.weight));
  }
}

Tensor Loss::sum_of_parts(const Tensor& prediction, const Tensor& target, std::vector<double>& values) const {
  values.clear();
  Tensor sum;
  for (const Part& part : parts_) {
    const Tensor loss = part.function(prediction, target);
    if (loss.numel() != 1)
      throw Error("Loss: a loss must be one number: \"" + part.name + "\" is " + loss.describe() +
                  "; reduce it by mean or sum");
    values.push_back(loss.item());
    const Tensor weighted = part.weight == 1 ? loss : loss * part.weight;
    sum = sum.defined() ? sum + weighted : weighted;
  }
  return sum;
}

}  // namespace xgrad::train
