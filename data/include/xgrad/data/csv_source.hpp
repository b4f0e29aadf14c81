#pragma once

#include <string>

#include "xgrad/data/csv.hpp"
#include "xgrad/data/pipeline.hpp"

namespace xgrad::data {

struct CsvSourceOptions {
  /// Where above 0, each row of the source is a batch of so many lines, the last one may be smaller: many
  /// times faster than single rows and `batch`.
  std::int64_t batch = 0;
  /// Rows by index, so that the whole can be shuffled: the file, which must not be compressed, is gone
  /// through once for the places of its rows, two bytes a row, and then mapped. It must not be changed
  /// meanwhile.
  bool indexed = false;
};

/// The rows of a table that need not fit into memory, as read_csv has them: features, and a label or targets.
///
/// A table with categories, a label in words, or missing values that the training data fills needs an
/// encoding that is fitted, such as by read_csv of its first rows: `{.rows = 100000}`.
///
/// Throws Error as read_csv does, when the source is made or where the pass gets to. With .indexed also for a
/// compressed file, and for Missing::drop_row, which would change the numbers of rows; and .batch must be 0.
Pipeline csv_source(const std::string& path, const CsvOptions& options = {}, const Encoding& encoding = {},
                    CsvSourceOptions how = {});

}  // namespace xgrad::data
