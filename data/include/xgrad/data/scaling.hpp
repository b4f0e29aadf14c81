#pragma once

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/data/dataset.hpp"

// Scaling of features, column by column. Fit on training data and transform both parts with what was learned
// there: a scaler that has seen the test data makes the test easier than the truth.
//
//   auto [train_set, test_set] = data::split(data::boston_housing(), 0.8);
//   auto scaler = data::Standardizer().fit(train_set);
//   train_set = scaler.transform(train_set);
//   test_set = scaler.transform(test_set);
//
// x has examples along its first axis: [n], [n, columns] or more axes, and each column is an entry of what is
// left without that axis. It is floating: integers are an Error, and so are nan and inf while fitting.
// transform is an op like others and can be differentiated. A column that is constant in the training data is
// shifted but not scaled, so nothing is divided by zero.

namespace xgrad::data {

/// (x - mean) / deviation, with the deviation sqrt(sum((x - mean)^2) / n).
class Standardizer {
 public:
  Standardizer() = default;
  /// From statistics that were kept, such as those of a saved model.
  Standardizer(Tensor mean, Tensor deviation);

  /// Names "mean" and "deviation", undefined before fit: what state_dict keeps and load_state_dict brings
  /// back.
  void visit(Visitor& v);

  /// Learns mean and deviation. Throws Error for integers, no rows, and values that are nan or inf.
  Standardizer& fit(const Tensor& x);
  Standardizer& fit(const TensorDataset& set) { return fit(set.features()); }

  /// Throws Error before fit, and for another dtype or other columns than fit saw.
  Tensor transform(const Tensor& x) const;
  TensorDataset transform(const TensorDataset& set) const {
    return set.with_features(transform(set.features()));
  }
  /// x from transform(x).
  Tensor inverse_transform(const Tensor& y) const;

  const Tensor& mean() const& { return mean_; }
  const Tensor& deviation() const& { return deviation_; }  ///< 1 where a column was constant
  Tensor mean() const&& { return mean_; }
  Tensor deviation() const&& { return deviation_; }

 private:
  Tensor mean_;
  Tensor deviation_;
};

struct MinMaxOptions {
  double low = 0;
  double high = 1;
};

/// low + (high - low) (x - min) / (max - min): the training data fills [low, high]; other data may lie
/// outside.
class MinMaxScaler {
 public:
  /// Throws Error unless low < high.
  explicit MinMaxScaler(MinMaxOptions options = {});
  /// From statistics that were kept, such as those of a saved model.
  MinMaxScaler(Tensor min, Tensor max, MinMaxOptions options = {});

  /// Names "low", "high", "min" and "max", the last two undefined before fit.
  void visit(Visitor& v);

  /// Learns min and max. Throws Error for integers, no rows, and values that are nan or inf.
  MinMaxScaler& fit(const Tensor& x);
  MinMaxScaler& fit(const TensorDataset& set) { return fit(set.features()); }

  /// Throws Error before fit, and for another dtype or other columns than fit saw.
  Tensor transform(const Tensor& x) const;
  TensorDataset transform(const TensorDataset& set) const {
    return set.with_features(transform(set.features()));
  }
  /// x from transform(x).
  Tensor inverse_transform(const Tensor& y) const;

  const Tensor& min() const& { return min_; }
  const Tensor& max() const& { return max_; }
  Tensor min() const&& { return min_; }
  Tensor max() const&& { return max_; }

 private:
  Tensor range() const;  // max - min, 1 where that is 0

  MinMaxOptions options_;
  Tensor min_;
  Tensor max_;
};

}  // namespace xgrad::data
