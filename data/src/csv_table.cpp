#include "csv_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

template <Element T>
CsvTable<T>::CsvTable(CsvRows& rows, const Columns& columns, const CsvOptions& options,
                      const Encoding* encoding)
    : rows_(rows),
      columns_(columns),
      options_(options),
      form_{options.decimal, options.thousands, options.percent},
      learns_(encoding == nullptr),
      plain_(form_.plain()),
      faults_(rows) {
  for (const std::string& value : options.missing_values) plain_ &= !number_in(value);
  for (const ColumnKind kind : columns.kinds) plain_ &= kind == ColumnKind::number;
  if (plain_ && !columns.label) numbers_.resize(columns.count);
  words_.resize(columns.features.size());
  if (!encoding) return;
  if (encoding->categories().size() != words_.size())
    rows.fail("the encoding was fitted to a table of " + std::to_string(encoding->categories().size()) +
              " columns of features, and this one has " + std::to_string(words_.size()) + "; fit a new one");
  for (std::size_t k = 0; k < words_.size(); ++k) words_[k] = Words(encoding->categories()[k]);
  if (!encoding->classes().empty()) classes_ = Words(encoding->classes());
}

template <Element T>
bool CsvTable<T>::is_missing(std::size_t i) const {
  const auto& values = options_.missing_values;
  return std::find(values.begin(), values.end(), rows_[i]) != values.end();
}

template <Element T>
bool CsvTable<T>::is_dropped() const {
  if (options_.missing != Missing::drop_row) return false;
  const auto missing = [&](std::size_t i) { return is_missing(i); };
  return std::any_of(columns_.features.begin(), columns_.features.end(), missing) ||
         std::any_of(columns_.targets.begin(), columns_.targets.end(), missing) ||
         (columns_.label && missing(*columns_.label));
}

template <Element T>
bool CsvTable<T>::add_numbers() {
  constexpr int patience = 100;
  if (numbers_.empty() || other_rows_ > patience) return false;
  if (!rows_.next_numbers(numbers_)) {
    ++other_rows_;
    return false;
  }
  other_rows_ = 0;
  T* to = features_.extend(columns_.features.size());
  for (const std::size_t i : columns_.features) *to++ = static_cast<T>(numbers_[i]);
  to = targets_.extend(columns_.targets.size());
  for (const std::size_t i : columns_.targets) *to++ = static_cast<T>(numbers_[i]);
  ++count_;
  return true;
}

template <Element T>
void CsvTable<T>::add_row() {
  if (rows_.size() != columns_.count) {
    faults_.add(std::to_string(rows_.size()) + " fields instead of " + std::to_string(columns_.count),
                rows_.place(std::min(rows_.size(), columns_.count) - 1));
    return;
  }
  if (is_dropped()) return;
  add_features();
  for (const std::size_t i : columns_.targets) targets_.push(number(i));
  if (columns_.label) add_label(*columns_.label);
  ++count_;
}

template <Element T>
void CsvTable<T>::add_features() {
  const std::size_t n = columns_.features.size();
  T* const to = features_.extend(n);
  for (std::size_t k = 0; k < n; ++k) {
    if (plain_) {
      const auto value = number_in(rows_[columns_.features[k]]);
      if (value && std::isfinite(static_cast<T>(*value))) {
        to[k] = static_cast<T>(*value);
        continue;
      }
    }
    to[k] = feature(k);
  }
}

template <Element T>
T CsvTable<T>::feature(std::size_t k) {
  const std::size_t i = columns_.features[k];
  const ColumnKind kind = columns_.kinds[k];
  if (options_.missing != Missing::error && is_missing(i))
    return options_.missing == Missing::fill && kind != ColumnKind::category
               ? static_cast<T>(options_.fill)
               : std::numeric_limits<T>::quiet_NaN();
  return kind == ColumnKind::category ? category(k) : number(i, kind == ColumnKind::date);
}

template <Element T>
T CsvTable<T>::category(std::size_t k) {
  const std::size_t i = columns_.features[k];
  if (is_missing(i)) {
    faults_.add("a value is missing; the option .missing says what to do then",
                rows_.place(i, columns_.names));
    return 0;
  }
  if (const auto code = words_[k].number(rows_[i])) return static_cast<T>(*code);
  if (!options_.unknown_as_zero)
    faults_.add("the training data has no category " + in_quotes(rows_[i]) + "; allow it by .unknown_as_zero",
                rows_.place(i, columns_.names));
  return static_cast<T>(words_[k].size());
}

template <Element T>
T CsvTable<T>::number(std::size_t i, bool date) {
  if (is_missing(i)) {
    faults_.add("a value is missing; the option .missing says what to do then",
                rows_.place(i, columns_.names));
    return 0;
  }
  const auto value = date ? date_in(rows_[i], options_.date_format) : number_in(rows_[i], form_);
  if (value && std::isfinite(static_cast<T>(*value))) return static_cast<T>(*value);
  const std::string wanted = date ? "needs a date of the form " + options_.date_format
                                  : "needs a finite number of " + std::string(name_of(dtype_of<T>));
  faults_.add(wanted + " and not " + in_quotes(rows_[i]), rows_.place(i, columns_.names));
  return 0;
}

template <Element T>
void CsvTable<T>::add_label(std::size_t i) {
  const bool words = learns_ || classes_.size() > 0;
  std::optional<std::int64_t> label;
  if (is_missing(i))
    faults_.add("a value is missing; the option .missing says what to do then",
                rows_.place(i, columns_.names));
  else if (label = words ? classes_.number(rows_[i]) : integer_in(rows_[i]); !label)
    faults_.add(
        (words ? "needs a class of the training data" : "needs an integer, as in the training data,") +
            std::string(" and not ") + in_quotes(rows_[i]),
        rows_.place(i, columns_.names));
  labels_.push(label.value_or(0));
}

// Fitting
// -------------------------------------------------------------------------------------------------------

template <Element T>
double CsvTable<T>::fill_of(std::size_t k) {
  std::vector<T> values;
  for (std::int64_t row = 0; row < count_; ++row)
    if (const T value = at(row, k); !std::isnan(value)) values.push_back(value);
  if (values.empty()) {
    const std::size_t column = columns_.features[k];
    rows_.fail("column " + std::to_string(column + 1) +
               " has no value at all that could fill those which are missing; name it in .ignore");
  }
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const bool words = columns_.kinds[k] == ColumnKind::category;
  if (options_.missing == Missing::median && !words)
    return (static_cast<double>(values[(n - 1) / 2]) + static_cast<double>(values[n / 2])) / 2;
  if (options_.missing == Missing::mean && !words) {
    double sum = 0;
    for (const T value : values) sum += static_cast<double>(value);
    return sum / static_cast<double>(n);
  }
  std::size_t most = 0;
  T found = values[0];
  for (std::size_t start = 0, stop = 0; start < n; start = stop) {
    while (stop < n && values[stop] == values[start]) ++stop;
    if (stop - start > most) most = stop - start, found = values[start];
  }
  return static_cast<double>(found);
}

template <Element T>
void CsvTable<T>::fit(Encoding& encoding) {
  std::vector<std::vector<std::string>> categories;
  std::vector<double> fills;
  for (std::size_t k = 0; k < words_.size(); ++k) {
    const auto order = words_[k].sort();
    if (columns_.kinds[k] == ColumnKind::category)
      for (std::int64_t row = 0; row < count_; ++row)
        if (T& code = at(row, k); !std::isnan(code))
          code = static_cast<T>(order[static_cast<std::size_t>(code)]);
    categories.push_back(words_[k].list());
    fills.push_back(fills_from_training() ? fill_of(k) : std::numeric_limits<double>::quiet_NaN());
  }
  std::vector<std::string> classes;
  const auto integers = classes_.integers();
  const auto order = integers ? *integers : classes_.sort();
  for (std::int64_t& label : labels_.values()) label = order[static_cast<std::size_t>(label)];
  if (!integers) classes = classes_.list();
  encoding.assign(std::move(categories), xgrad::tensor(fills), std::move(classes));
}

// The tensors
// ---------------------------------------------------------------------------------------------------

template <Element T>
void CsvTable<T>::fill(const Encoding& encoding) {
  const auto fills = encoding.fill().data<double>();
  for (std::int64_t row = 0; row < count_; ++row)
    for (std::size_t k = 0; k < words_.size(); ++k)
      if (T& value = at(row, k); std::isnan(value)) value = static_cast<T>(fills[k]);
}

template <Element T>
Tensor CsvTable<T>::features(const Encoding& encoding) {
  const std::size_t n = columns_.features.size();
  std::vector<std::size_t> widths;
  std::size_t width = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const bool expands = columns_.kinds[k] == ColumnKind::category && options_.encode == Categories::one_hot;
    widths.push_back(expands ? encoding.categories()[k].size() : 0);
    width += expands ? widths[k] : 1;
  }
  if (std::all_of(widths.begin(), widths.end(), [](std::size_t w) { return w == 0; }) && width == n)
    return features_.tensor({count_, static_cast<std::int64_t>(n)});

  Growing<T> wide;
  T* to = wide.extend(static_cast<std::size_t>(count_) * width);
  std::fill_n(to, static_cast<std::size_t>(count_) * width, T{0});
  for (std::int64_t row = 0; row < count_; ++row)
    for (std::size_t k = 0; k < n; ++k) {
      const T value = at(row, k);
      const bool expands =
          columns_.kinds[k] == ColumnKind::category && options_.encode == Categories::one_hot;
      if (!expands)
        *to++ = value;
      else {
        if (value < static_cast<T>(widths[k]))
          to[static_cast<std::size_t>(value)] = 1;  // neither nan nor unknown
        to += widths[k];
      }
    }
  features_.clear();
  return wide.tensor({count_, static_cast<std::int64_t>(width)});
}

template <Element T>
std::vector<std::string> CsvTable<T>::feature_names(const Encoding& encoding) const {
  std::vector<std::string> names;
  if (columns_.names.empty()) return names;
  for (std::size_t k = 0; k < columns_.features.size(); ++k) {
    const std::string& name = columns_.names[columns_.features[k]];
    if (columns_.kinds[k] == ColumnKind::category && options_.encode == Categories::one_hot)
      for (const std::string& word : encoding.categories()[k]) names.push_back(name + "=" + word);
    else
      names.push_back(name);
  }
  return names;
}

template <Element T>
TensorDataset CsvTable<T>::take(const Encoding& encoding) {
  if (fills_from_training()) fill(encoding);
  Names names{.features = feature_names(encoding),
              .classes = encoding.classes(),
              .targets = columns_.names_of(columns_.targets)};
  std::vector<Tensor> tensors{features(encoding)};
  if (columns_.label) tensors.push_back(labels_.tensor({count_}));
  if (!columns_.targets.empty())
    tensors.push_back(targets_.tensor({count_, static_cast<std::int64_t>(columns_.targets.size())}));
  count_ = 0;
  return TensorDataset(std::move(tensors), std::move(names));
}

template class CsvTable<float>;
template class CsvTable<double>;

}  // namespace xgrad::data
