#include "xgrad/data/csv.hpp"

#include "csv_table.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

template <Element T>
TensorDataset read_table(CsvRows& rows, const Columns& columns, const CsvOptions& options,
                         Encoding& encoding) {
  CsvTable<T> table(rows, columns, options, encoding.fitted() ? &encoding : nullptr);
  table.add_row();
  while (options.rows == 0 || table.count() < options.rows) {
    if (table.add_numbers()) continue;
    if (!rows.next()) break;
    table.add_row();
  }
  table.faults().check();
  if (table.count() == 0)
    rows.fail("every row misses a value and was dropped; take Missing::nan or Missing::fill");
  if (!encoding.fitted()) table.fit(encoding);
  return table.take(encoding);
}

}  // namespace

void check_csv_options(const CsvOptions& o) {
  const auto is_end = [](char c) { return c == '\n' || c == '\r' || c == '\0'; };
  if (o.delimiter == o.quote || is_end(o.delimiter) || is_end(o.quote))
    throw Error(
        "read_csv: delimiter and quote must differ from each other and from the ends of lines: they are " +
        in_quotes({&o.delimiter, 1}) + " and " + in_quotes({&o.quote, 1}));
  if (!is_floating(o.dtype))
    throw Error(std::string("read_csv: the dtype must be float32 or float64: it is ") + name_of(o.dtype));
  if (o.label.given() && !o.targets.empty())
    throw Error("read_csv: a table must not have both a label and targets: both are given");
  if (o.decimal == o.thousands || (!o.blanks && o.decimal == o.delimiter))
    throw Error(
        "read_csv: the decimal character must differ from the delimiter and from that of thousands: it is " +
        in_quotes({&o.decimal, 1}));
  if (o.comment != '\0' && (o.comment == o.delimiter || o.comment == o.quote || is_end(o.comment)))
    throw Error(
        "read_csv: the comment character must differ from delimiter, quote and the ends of lines: it is " +
        in_quotes({&o.comment, 1}));
  if (o.rows < 0) throw Error("read_csv: rows must not be negative: they are " + std::to_string(o.rows));
}

TensorDataset read_csv(const std::string& path, const CsvOptions& options, Encoding& encoding) {
  check_csv_options(options);
  CsvRows rows("read_csv", path, form_of(options));
  const Columns columns = begin_table(rows, options);
  if (options.dtype == float64) return read_table<double>(rows, columns, options, encoding);
  return read_table<float>(rows, columns, options, encoding);
}

TensorDataset read_csv(const std::string& path, const CsvOptions& options) {
  Encoding encoding;
  return read_csv(path, options, encoding);
}

}  // namespace xgrad::data
