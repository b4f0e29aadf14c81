#pragma once

#include <string>
#include <vector>

#include "xgrad/data/dataset.hpp"
#include "xgrad/data/encoding.hpp"

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
  error,         ///< throw Error with its place
  drop_row,      ///< leave the whole row out
  nan,           ///< put a nan
  fill,          ///< put CsvOptions::fill
  mean,          ///< put the mean of the column in the training data
  median,        ///< its median
  most_frequent  ///< its most frequent value, the smallest of several
};

/// How a category in words becomes features.
enum class Categories {
  one_hot,  ///< a column for each category, 1 where it is this one
  index     ///< one column with its number in alphabetical order, for an embedding
};

struct CsvOptions {
  /// The column of classes: integers stay as they are, text becomes 0, 1, ... in alphabetical order.
  Column label = {};
  std::vector<Column> targets = {};     ///< numbers to predict, instead of a label
  std::vector<Column> features = {};    ///< empty: all columns that are not named elsewhere
  std::vector<Column> ignore = {};      ///< columns to leave out
  std::vector<Column> categories = {};  ///< those of the features that hold words, see `encode`
  std::vector<Column> dates = {};       ///< those of the features that hold dates: days since 1970-01-01

  bool header = true;           ///< the first row names the columns
  std::int64_t skip_lines = 0;  ///< lines to leave out before it; more than there are is an Error
  std::int64_t rows = 0;        ///< stop after so many; 0: all
  char delimiter = ',';
  bool blanks = false;  ///< fields are separated by runs of blanks and tabs, and not by the delimiter
  char quote = '"';
  char comment =
      '\0';  ///< where given, what stands behind it on a line is left out, and lines of nothing else

  char decimal = '.';                    ///< ',' in most of Europe
  char thousands = '\0';                 ///< where given, left out of numbers: "1,234,567"
  bool percent = false;                  ///< "12.5 %" is 0.125
  std::string date_format = "%Y-%m-%d";  ///< as strptime has it

  Categories encode = Categories::one_hot;
  bool unknown_as_zero =
      false;  ///< a category that training has not seen: all 0, or the number behind the last

  Missing missing = Missing::error;  ///< of features; a label or a target may only be dropped
  double fill = 0;
  std::vector<std::string> missing_values = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL"};

  DType dtype = float32;  ///< of features and targets
};

/// Reads a table in the form of RFC 4180, plain or compressed by gzip.
///
/// Fields may be quoted and then hold delimiters, line ends and doubled quotes; lines end in LF, CRLF or CR;
/// empty lines are left out, and blanks around a field are. Numbers are read alike in every locale; "true"
/// and "false" are 1 and 0. The result has features [n, columns], then labels int64 [n] or targets [n,
/// columns], if any were asked for. Throws Error, naming the file, the line and the column, for what is not a
/// number, a date or a known category, rows of different length, a quoted field that does not end, a damaged
/// or empty file, and columns that are not there. Where there are several such fields or rows, it names the
/// first ten.
TensorDataset read_csv(const std::string& path, const CsvOptions& options = {});

/// The same with an encoding: it is fitted to this table where it is not yet, and used as it is where it is.
///
///     data::Encoding encoding;
///     auto train_set = data::read_csv("train.csv", options, encoding);
///     auto test_set = data::read_csv("test.csv", options, encoding);
TensorDataset read_csv(const std::string& path, const CsvOptions& options, Encoding& encoding);

}  // namespace xgrad::data
