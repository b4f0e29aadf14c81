#include "csv_columns.hpp"

#include <algorithm>

#include "csv_number.hpp"

namespace xgrad::data {

namespace {

std::string list(const std::vector<std::string>& names) {
  std::string s;
  for (const std::string& name : names) (s += s.empty() ? "" : ", ") += shown(name);
  return s;
}

std::size_t find_column(const CsvRows& rows, const Columns& table, const Column& column) {
  const auto count = static_cast<std::int64_t>(table.count);
  if (!column.by_name()) {
    const std::int64_t i = column.number() < 0 ? column.number() + count : column.number();
    if (i >= 0 && i < count) return static_cast<std::size_t>(i);
    rows.fail("there is no column " + std::to_string(column.number()) + "; columns are " +
              std::to_string(-count) + " to " + std::to_string(count - 1));
  }
  const auto& names = table.names;
  if (names.empty())
    rows.fail("columns without a header need numbers and not names: " + in_quotes(column.name()));
  const auto at = std::find(names.begin(), names.end(), column.name());
  if (at == names.end())
    rows.fail("there is no column " + in_quotes(column.name()) + "; there are " + list(names));
  if (std::find(at + 1, names.end(), column.name()) != names.end())
    rows.fail("more than one column is called " + in_quotes(column.name()) + "; say its number");
  return static_cast<std::size_t>(at - names.begin());
}

void read_header(CsvRows& rows, std::vector<std::string>& names) {
  bool numbers = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    names.emplace_back(rows[i]);
    numbers &= number_in(rows[i]).has_value();
  }
  if (numbers) rows.fail_at(0, "the header holds numbers; read a table that has none with .header = false");
  if (!rows.next()) rows.fail("no row follows the header");
}

// Says what the named columns hold, all of which are features.
void set_kind(const CsvRows& rows, Columns& table, const std::vector<Column>& columns, ColumnKind kind) {
  for (const Column& column : columns) {
    const std::size_t i = find_column(rows, table, column);
    const auto at = std::find(table.features.begin(), table.features.end(), i);
    if (at == table.features.end())
      rows.fail("column " + std::to_string(i + 1) +
                " is named as a category or a date but is no feature; name it once");
    ColumnKind& now = table.kinds[static_cast<std::size_t>(at - table.features.begin())];
    if (now != ColumnKind::number)
      rows.fail("column " + std::to_string(i + 1) + " is named twice in the options; name it once");
    now = kind;
  }
}

}  // namespace

std::vector<std::string> Columns::names_of(const std::vector<std::size_t>& columns) const {
  std::vector<std::string> of;
  if (!names.empty())
    for (std::size_t i : columns) of.push_back(names[i]);
  return of;
}

Columns begin_table(CsvRows& rows, const CsvOptions& options) {
  if (options.skip_lines < 0)
    rows.fail("skip_lines must not be negative: it is " + std::to_string(options.skip_lines));
  for (std::int64_t i = 0; i < options.skip_lines; ++i)
    if (!rows.skip_line())
      rows.fail("the file ends before the table: it has " + std::to_string(i) +
                (i == 1 ? " line" : " lines") + ", and skip_lines is " + std::to_string(options.skip_lines) +
                "; leave fewer out");
  if (!rows.next()) rows.fail("the file is empty");

  Columns table;
  table.count = rows.size();
  if (options.header) read_header(rows, table.names);

  std::vector<bool> taken(table.count);
  const auto take = [&](const Column& column) {
    const std::size_t i = find_column(rows, table, column);
    if (taken[i])
      rows.fail("column " + std::to_string(i + 1) + " is named twice in the options; name it once");
    taken[i] = true;
    return i;
  };
  if (options.label.given()) table.label = take(options.label);
  for (const Column& column : options.targets) table.targets.push_back(take(column));
  for (const Column& column : options.ignore) take(column);
  for (const Column& column : options.features) table.features.push_back(take(column));
  if (options.features.empty())
    for (std::size_t i = 0; i < table.count; ++i)
      if (!taken[i]) table.features.push_back(i);
  if (table.features.empty()) rows.fail("no column is left for the features; name fewer in the options");
  table.kinds.assign(table.features.size(), ColumnKind::number);
  set_kind(rows, table, options.categories, ColumnKind::category);
  set_kind(rows, table, options.dates, ColumnKind::date);
  return table;
}

}  // namespace xgrad::data
