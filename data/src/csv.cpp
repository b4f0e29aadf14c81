#include "xgrad/data/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <span>

#include "csv_columns.hpp"
#include "csv_number.hpp"
#include "csv_rows.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

// A column of classes: text while it is read, numbers at the end.
class Labels {
 public:
  void add(std::string_view text) {
    auto at = codes_.find(text);
    if (at == codes_.end()) at = codes_.emplace(text, static_cast<std::int64_t>(codes_.size())).first;
    rows_.push_back(at->second);
  }

  /// The labels, int64 [rows]; `names` gets the classes if they are text.
  Tensor finish(std::vector<std::string>& names) {
    std::vector<std::int64_t> numbers(codes_.size());
    bool integers = true;
    for (const auto& [text, code] : codes_)
      integers &= is_integer(text, numbers[static_cast<std::size_t>(code)]);
    if (!integers) {
      for (const auto& [text, code] : codes_) {
        numbers[static_cast<std::size_t>(code)] = static_cast<std::int64_t>(names.size());
        names.push_back(text);
      }
    }
    for (std::int64_t& row : rows_) row = numbers[static_cast<std::size_t>(row)];
    return tensor(rows_);
  }

 private:
  static bool is_integer(const std::string& text, std::int64_t& value) {
    const char* last = text.data() + text.size();
    const auto read = std::from_chars(text.data(), last, value);
    return read.ec == std::errc() && read.ptr == last;
  }

  std::map<std::string, std::int64_t, std::less<>> codes_;  // numbered as they appear
  std::vector<std::int64_t> rows_;
};

template <Element T>
class TableReader {
 public:
  TableReader(CsvRows& rows, const Columns& table, const CsvOptions& options)
      : rows_(rows), table_(table), options_(options) {}

  TensorDataset read() {
    do {
      if (rows_.size() != table_.count)
        rows_.fail_at(std::min(rows_.size(), table_.count) - 1,
                      std::to_string(rows_.size()) + " fields instead of " + std::to_string(table_.count));
      if (!is_dropped()) add_row();
    } while (rows_.next());
    if (count_ == 0)
      rows_.fail("every row misses a value and was dropped; take Missing::nan or Missing::fill");

    Names names{.features = table_.names_of(table_.features), .targets = table_.names_of(table_.targets)};
    std::vector<Tensor> tensors{matrix(features_, table_.features)};
    if (table_.label) tensors.push_back(labels_.finish(names.classes));
    if (!table_.targets.empty()) tensors.push_back(matrix(targets_, table_.targets));
    return TensorDataset(std::move(tensors), std::move(names));
  }

 private:
  bool is_missing(std::size_t i) const {
    const auto& values = options_.missing_values;
    return std::find(values.begin(), values.end(), rows_[i]) != values.end();
  }

  bool is_dropped() const {
    if (options_.missing != Missing::drop_row) return false;
    const auto missing = [&](std::size_t i) { return is_missing(i); };
    return std::any_of(table_.features.begin(), table_.features.end(), missing) ||
           std::any_of(table_.targets.begin(), table_.targets.end(), missing) ||
           (table_.label && missing(*table_.label));
  }

  void add_row() {
    for (std::size_t i : table_.features) features_.push_back(feature(i));
    for (std::size_t i : table_.targets) targets_.push_back(number(i));
    if (table_.label) {
      if (is_missing(*table_.label)) fail_missing(*table_.label);
      labels_.add(rows_[*table_.label]);
    }
    ++count_;
  }

  T feature(std::size_t i) const {
    const bool replaces = options_.missing == Missing::nan || options_.missing == Missing::fill;
    if (!replaces || !is_missing(i)) return number(i);
    return options_.missing == Missing::nan ? std::numeric_limits<T>::quiet_NaN()
                                            : static_cast<T>(options_.fill);
  }

  T number(std::size_t i) const {
    if (is_missing(i)) fail_missing(i);
    const auto value = number_in(rows_[i]);
    if (value && std::isfinite(static_cast<T>(*value))) return static_cast<T>(*value);
    rows_.fail_at(
        i,
        "needs a finite number of " + std::string(name_of(dtype_of<T>)) + " and not " + in_quotes(rows_[i]),
        table_.names);
  }

  [[noreturn]] void fail_missing(std::size_t i) const {
    rows_.fail_at(i, "a value is missing; the option .missing says what to do then", table_.names);
  }

  Tensor matrix(std::vector<T>& values, const std::vector<std::size_t>& columns) const {
    return tensor(std::span<const T>(values), {count_, static_cast<std::int64_t>(columns.size())});
  }

  CsvRows& rows_;
  const Columns& table_;
  const CsvOptions& options_;
  std::int64_t count_ = 0;
  std::vector<T> features_;
  std::vector<T> targets_;
  Labels labels_;
};

void check_options(const CsvOptions& options) {
  const auto is_end = [](char c) { return c == '\n' || c == '\r' || c == '\0'; };
  if (options.delimiter == options.quote || is_end(options.delimiter) || is_end(options.quote))
    throw Error(
        "read_csv: delimiter and quote must differ from each other and from the ends of lines: they are " +
        in_quotes({&options.delimiter, 1}) + " and " + in_quotes({&options.quote, 1}));
  if (!is_floating(options.dtype))
    throw Error(std::string("read_csv: the dtype must be float32 or float64: it is ") +
                name_of(options.dtype));
  if (options.label.given() && !options.targets.empty())
    throw Error("read_csv: a table must not have both a label and targets: both are given");
}

}  // namespace

TensorDataset read_csv(const std::string& path, const CsvOptions& options) {
  check_options(options);
  CsvRows rows("read_csv", path, {.delimiter = options.delimiter, .quote = options.quote});
  const Columns table = begin_table(rows, options);
  if (options.dtype == float64) return TableReader<double>(rows, table, options).read();
  return TableReader<float>(rows, table, options).read();
}

}  // namespace xgrad::data
