#pragma once

#include <optional>
#include <string>
#include <vector>

#include "csv_rows.hpp"
#include "xgrad/data/csv.hpp"

namespace xgrad::data {

/// What a column of features holds.
enum class ColumnKind { number, category, date };

/// What the columns of a table are for, by number.
struct Columns {
  std::vector<std::string> names;  ///< of all columns, empty without a header
  std::size_t count = 0;
  std::vector<std::size_t> features;
  std::vector<ColumnKind> kinds;  ///< of the features
  std::vector<std::size_t> targets;
  std::optional<std::size_t> label;

  std::vector<std::string> names_of(const std::vector<std::size_t>& columns) const;
};

/// Reads the header, if there is one, and the first row behind it, and works out which column serves for
/// what. Throws Error when there is no row, and when the options name a column that is not there, or one
/// twice.
Columns begin_table(CsvRows& rows, const CsvOptions& options);

}  // namespace xgrad::data
