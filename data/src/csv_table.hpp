#pragma once

#include <cstdint>
#include <vector>

#include "csv_columns.hpp"
#include "csv_faults.hpp"
#include "csv_number.hpp"
#include "csv_words.hpp"
#include "growing.hpp"
#include "xgrad/data/csv.hpp"

namespace xgrad::data {

/// The values of rows, as far as they can be told before the whole table is known: words have the numbers in
/// which they appear, and what is missing is nan where the training data fills it.
template <Element T>
class CsvTable {
 public:
  /// `encoding` is fitted, or null where this table is what it is fitted to.
  CsvTable(CsvRows& rows, const Columns& columns, const CsvOptions& options, const Encoding* encoding);

  /// Reads and adds a row of nothing but numbers, as most rows of most tables are; false where the next is
  /// none.
  bool add_numbers();
  /// Adds the current row, unless a value of it is missing and such rows are dropped.
  void add_row();
  std::int64_t count() const { return count_; }
  const Faults& faults() const { return faults_; }

  /// What this table says about others.
  void fit(Encoding& encoding);
  /// The rows as tensors, which are gone from here.
  TensorDataset take(const Encoding& encoding);

 private:
  bool is_missing(std::size_t i) const;
  bool is_dropped() const;
  void add_features();
  T feature(std::size_t k);
  T category(std::size_t k);
  T number(std::size_t i, bool date = false);
  void add_label(std::size_t i);
  double fill_of(std::size_t k);
  void fill(const Encoding& encoding);
  Tensor features(const Encoding& encoding);
  Tensor labels(Names& names);
  std::vector<std::string> feature_names(const Encoding& encoding) const;
  bool fills_from_training() const { return options_.missing >= Missing::mean; }
  T& at(std::int64_t row, std::size_t k) {
    return features_.values()[static_cast<std::size_t>(row) * columns_.features.size() + k];
  }

  CsvRows& rows_;
  const Columns& columns_;
  const CsvOptions& options_;
  NumberForm form_;
  bool learns_,
      plain_;  // plain_: a field that reads as a number is one, and never stands for a missing value
  Faults faults_;

  std::vector<double> numbers_;  // of a row that is all numbers; none where rows are not
  int other_rows_ = 0;           // that were not, one after another

  std::int64_t count_ = 0;
  Growing<T> features_, targets_;
  Growing<std::int64_t> labels_;
  std::vector<Words> words_;  // one for each column of features
  Words classes_;
};

extern template class CsvTable<float>;
extern template class CsvTable<double>;

/// Throws Error for options that contradict each other.
void check_csv_options(const CsvOptions& options);

/// How the options say that the table is written.
inline CsvForm form_of(const CsvOptions& o) { return {o.delimiter, o.quote, o.comment, o.blanks}; }

}  // namespace xgrad::data
