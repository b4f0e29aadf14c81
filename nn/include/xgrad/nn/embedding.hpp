#pragma once

#include <optional>

#include "xgrad/core/random.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx =
      {};  ///< a row of zeros that gets no gradient; negative: from the end
  DType dtype = float32;
  Generator generator = default_generator();  ///< draws the first weights
};

/// Rows of weight[entries, width] by int64 indices [...]: [..., width]. The weight starts normal.
/// Throws Error for negative sizes, a padding_idx that is no row, and an index out of range. Bengio et al.,
/// 2003.
class Embedding : public Module {
 public:
  Embedding(std::int64_t entries, std::int64_t width, EmbeddingOptions options = {});
  Tensor forward(const Tensor& indices) const override;
  void visit(Visitor& v) override { v("weight", weight); }
  std::string extra_repr() const override;

  Tensor weight;

 private:
  std::optional<std::int64_t> padding_idx_;
};

enum class BagMode : std::uint8_t { sum, mean, max };

struct EmbeddingBagOptions {
  BagMode mode = BagMode::mean;
  std::optional<std::int64_t> padding_idx = {};  ///< indices of this row count in no bag
  DType dtype = float32;
  Generator generator = default_generator();
};

/// The sum, mean or maximum of the rows of each bag of indices: of each row of indices[bags, many], or of
/// indices[all] cut where the int64 `offsets`[bags] say that bags begin. An empty bag gives zeros.
///
/// `weights`, in the shape of the indices, multiply the rows, in mode sum only. Throws Error for the first
/// offset not 0, for offsets that fall or lie behind the end, and for weights of another shape or mode.
class EmbeddingBag : public Module {
 public:
  EmbeddingBag(std::int64_t entries, std::int64_t width, EmbeddingBagOptions options = {});
  using Module::operator();
  Tensor operator()(const Tensor& indices, const Tensor& offsets, const Tensor& weights = {}) const;
  Tensor forward(const Tensor& indices) const override;
  void visit(Visitor& v) override { v("weight", weight); }
  std::string extra_repr() const override;

  Tensor weight;

 private:
  Tensor bags(const Tensor& indices, const Tensor& bag_of, std::int64_t count, const Tensor& weights) const;

  EmbeddingBagOptions options_;
};

}  // namespace xgrad::nn
