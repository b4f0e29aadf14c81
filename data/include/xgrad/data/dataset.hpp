#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// What the numbers of a data set are called, where that is known.
struct Names {
  std::vector<std::string> features = {};  ///< one for each column of the features
  std::vector<std::string> classes = {};   ///< classes[k] is the name of label k
  std::vector<std::string> targets = {};   ///< one for each column of the targets
};

/// Tensors with the same leading size: row i of each of them is example i.
///
/// A data set is a cheap handle: copying it shares the tensors. By convention the first tensor is the
/// features and the second the targets: int64 classes [n] for classification, floating [n, outputs] for
/// regression.
class TensorDataset {
 public:
  /// Throws Error without tensors, for an undefined or 0-dimensional one, and when leading sizes differ.
  explicit TensorDataset(std::vector<Tensor> tensors, Names names = {});
  TensorDataset(std::initializer_list<Tensor> tensors, Names names = {})
      : TensorDataset(std::vector<Tensor>(tensors), std::move(names)) {}
  TensorDataset(const Tensor& features, const Tensor& targets, Names names = {})
      : TensorDataset({features, targets}, std::move(names)) {}

  /// Number of examples.
  std::int64_t size() const { return contents_->tensors.front().shape()[0]; }

  const std::vector<Tensor>& tensors() const& { return contents_->tensors; }
  const Tensor& features() const& { return contents_->tensors.front(); }
  /// The second tensor. Throws Error when there is only one.
  const Tensor& targets() const&;
  // By value from a temporary, so that `for (float v : digits().features().data<float>())` is safe.
  std::vector<Tensor> tensors() const&& { return tensors(); }
  Tensor features() const&& { return features(); }
  Tensor targets() const&& { return targets(); }

  const Names& names() const { return contents_->names; }

  /// The same data set with other features: what a scaler or any other preparation made of them.
  TensorDataset with_features(const Tensor& features) const;

  /// Examples start to stop - 1, sharing memory. Negative numbers count from the end, as in Tensor::slice.
  TensorDataset slice(std::int64_t start, std::int64_t stop = Tensor::end_of_axis) const;
  /// The examples that an int64 vector names, in its order; copies.
  TensorDataset index_select(const Tensor& index) const;

  /// dtype and shape of each tensor: "f32[1797, 64], i64[1797]".
  std::string describe() const;

 private:
  struct Contents {
    std::vector<Tensor> tensors;
    Names names;
  };
  std::shared_ptr<const Contents> contents_;
};

}  // namespace xgrad::data
