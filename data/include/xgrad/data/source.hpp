#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// One example, or a batch of them: its tensors. An example of a TensorDataset has a tensor for each of the
/// set's, without their leading axis.
using Row = std::vector<Tensor>;

/// Reads the rows of a source from the first to the last.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Sets `row` to the next one; false behind the last.
  virtual bool next(Row& row) = 0;
};

/// Where examples come from: rows by index, or one after another where that is all there is.
///
/// A source by index says its `size` and gives `row(i)`; any other gives a `reader`. Stages (stages.hpp) make
/// pipelines of it.
///
///     struct Squares : data::Source {
///       std::optional<std::int64_t> size() const override { return 100; }
///       bool indexed() const override { return true; }
///       data::Row row(std::int64_t i) const override { return {full({}, i * i)}; }
///     };
class Source {
 public:
  virtual ~Source() = default;

  /// The number of rows; nothing where only reading them tells.
  virtual std::optional<std::int64_t> size() const { return {}; }
  /// Whether `row` gives any row in any order.
  virtual bool indexed() const { return false; }
  /// Whether several threads may be in `row` and `gather` at a time. Where not, a pipeline calls them from
  /// one thread at a time and in their order, and its workers share what follows.
  virtual bool thread_safe() const { return false; }

  /// Row i, 0 <= i < size().
  virtual Row row(std::int64_t i) const;
  /// These rows as a batch: each of their tensors with a leading axis more. As it is, they are stacked.
  virtual Row gather(std::span<const std::int64_t> rows) const;
  /// A new reader, which stands before the first row. As it is, it counts through the rows by index.
  virtual std::unique_ptr<RowReader> reader() const;
};

/// Rows as a batch: tensor k of the result is the stack of tensor k of each row. Throws Error without rows
/// and where their number of tensors, a dtype or a shape differs, and says which row it is.
Row stack_rows(std::span<const Row> rows);

}  // namespace xgrad::data
