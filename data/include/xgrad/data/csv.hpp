#pragma once

#include <string>
#include <vector>

#include "xgrad/data/dataset.hpp"

namespace xgrad::data {

/// A column of a table, by its name or by its number (from 0; negative numbers count from the end).
class Column {
 public:
  Column() = default;                                           ///< none
  Column(int number) : kind_(Kind::number), number_(number) {}  // NOLINT(google-explicit-constructor)
  Column(const char* name) : Column(std::string(name)) {}       // NOLINT(google-explicit-constructor)
  Column(std::string name)
      : kind_(Kind::name), name_(std::move(name)) {}  // NOLINT(google-explicit-constructor)

  bool given() const { return kind_ != Kind::none; }
  bool by_name() const { return kind_ == Kind::name; }
  const std::string& name() const { return name_; }
  int number() const { return number_; }

 private:
  enum class Kind { none, number, name };

  Kind kind_ = Kind::none;
  int number_ = 0;
  std::string name_;
};

/// What to do where a value is missing.
enum class Missing {
  error,     ///< throw Error with its place
  drop_row,  ///< leave the whole row out
  nan,       ///< put a nan
  fill       ///< put CsvOptions::fill
};

struct CsvOptions {
  /// The column of classes: integers stay as they are, text becomes 0, 1, ... in alphabetical order.
  Column label = {};
  std::vector<Column> targets = {};   ///< numbers to predict, instead of a label
  std::vector<Column> features = {};  ///< empty: all columns that are not named elsewhere
  std::vector<Column> ignore = {};    ///< columns to leave out

  bool header = true;           ///< the first row names the columns
  std::int64_t skip_lines = 0;  ///< lines to leave out before it; more than there are is an Error
  char delimiter = ',';
  char quote = '"';

  Missing missing = Missing::error;  ///< of features; a label or a target may only be dropped
  double fill = 0;
  std::vector<std::string> missing_values = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"};

  DType dtype = float32;  ///< of features and targets
};

/// Reads a table of numbers in the form of RFC 4180, plain or compressed by gzip.
///
/// Fields may be quoted and then hold delimiters, line ends and doubled quotes; lines end in LF, CRLF or CR;
/// empty lines are left out, and blanks around a number are. Numbers are read alike in every locale.
/// The result has features [n, columns], then labels int64 [n] or targets [n, columns], if any were asked
/// for. Throws Error, naming the file, the line and the column, for what is not a number, rows of different
/// length, a quoted field that does not end, a damaged or empty file, and columns that are not there.
TensorDataset read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace xgrad::data
