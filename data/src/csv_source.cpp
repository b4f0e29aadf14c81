#include "xgrad/data/csv_source.hpp"

#include <limits>

#include "csv_table.hpp"
#include "mapped_file.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

constexpr const char* op = "csv_source";

/// The encoding of a table of numbers, which needs none.
Encoding plain_encoding(std::size_t columns) {
  Encoding encoding;
  encoding.assign(std::vector<std::vector<std::string>>(columns),
                  full({static_cast<std::int64_t>(columns)}, std::numeric_limits<double>::quiet_NaN()), {});
  return encoding;
}

/// What all readers of one source share.
struct CsvTask {
  std::string path;
  CsvOptions options;
  Encoding encoding;
  Columns columns;
};

Row first_row(const TensorDataset& set) {
  Row row;
  for (const Tensor& t : set.tensors()) row.push_back(t[0]);
  return row;
}

template <Element T>
class CsvReader : public RowReader {
 public:
  CsvReader(std::shared_ptr<const CsvTask> task, std::int64_t batch)
      : task_(std::move(task)),
        rows_(op, task_->path, form_of(task_->options)),
        columns_(begin_table(rows_, task_->options)),
        batch_(batch),
        table_(rows_, columns_, task_->options, &task_->encoding) {}

  bool next(Row& row) override {
    const std::int64_t wanted = batch_ > 0 ? batch_ : 1;
    while (table_.count() < wanted && read()) {
    }
    table_.faults().check();
    if (table_.count() == 0) return false;
    given_ += table_.count();
    const TensorDataset set = table_.take(task_->encoding);
    row = batch_ > 0 ? set.tensors() : first_row(set);
    return true;
  }

 private:
  bool read() {
    if (task_->options.rows > 0 && given_ + table_.count() >= task_->options.rows) return false;
    if (std::exchange(begun_, true)) {  // else begin_table has read one
      if (table_.add_numbers()) return true;
      if (!rows_.next()) return false;
    }
    table_.add_row();
    return true;
  }

  std::shared_ptr<const CsvTask> task_;
  CsvRows rows_;
  Columns columns_;
  std::int64_t batch_, given_ = 0;
  bool begun_ = false;
  CsvTable<T> table_;
};

class StreamedCsv : public Source {
 public:
  StreamedCsv(std::shared_ptr<const CsvTask> task, std::int64_t batch)
      : task_(std::move(task)), batch_(batch) {}
  std::unique_ptr<RowReader> reader() const override {
    if (task_->options.dtype == float64) return std::make_unique<CsvReader<double>>(task_, batch_);
    return std::make_unique<CsvReader<float>>(task_, batch_);
  }

 private:
  std::shared_ptr<const CsvTask> task_;
  std::int64_t batch_;
};

/// Where every eighth row begins.
class RowPlaces {
 public:
  static constexpr std::int64_t step = 8;

  /// From the current row on, which begins where `start` and `line` say.
  RowPlaces(CsvRows& rows, std::uint64_t start, std::int64_t line, std::int64_t most) {
    do {
      if (count_ % step == 0) places_.push_back({start, line});
      ++count_;
      start = rows.offset(), line = rows.next_line();
    } while (count_ != most && rows.next());
    places_.push_back({start, line});
  }
  struct Place {
    std::uint64_t offset;
    std::int64_t line;
  };
  std::int64_t count() const { return count_; }
  const Place& before(std::int64_t i) const { return places_[static_cast<std::size_t>(i / step)]; }
  const Place& behind(std::int64_t i) const { return places_[static_cast<std::size_t>(i / step + 1)]; }

 private:
  std::vector<Place> places_;
  std::int64_t count_ = 0;
};

class IndexedCsv : public Source {
 public:
  IndexedCsv(std::shared_ptr<const CsvTask> task, RowPlaces places)
      : task_(std::move(task)), places_(std::move(places)), file_(op, task_->path) {}
  std::optional<std::int64_t> size() const override { return places_.count(); }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override { return first_row(read({&i, 1})); }
  Row gather(std::span<const std::int64_t> rows) const override { return read(rows).tensors(); }

 private:
  TensorDataset read(std::span<const std::int64_t> rows) const {
    if (task_->options.dtype == float64) return read_as<double>(rows);
    return read_as<float>(rows);
  }

  template <Element T>
  TensorDataset read_as(std::span<const std::int64_t> numbers) const {
    CsvRows rows(op, task_->path, form_of(task_->options), "", 1);
    CsvTable<T> table(rows, task_->columns, task_->options, &task_->encoding);
    for (const std::int64_t i : numbers) {
      const auto &from = places_.before(i), &to = places_.behind(i);
      rows.assign(file_.bytes().substr(from.offset, to.offset - from.offset), from.line);
      for (std::int64_t skipped = 0; skipped <= i % RowPlaces::step; ++skipped) rows.next();
      table.add_row();
    }
    table.faults().check();
    return table.take(task_->encoding);
  }

  std::shared_ptr<const CsvTask> task_;
  RowPlaces places_;
  MappedFile file_;
};

void check_encoding(const CsvOptions& options, const Encoding& encoding) {
  if (!encoding.fitted() && (!options.categories.empty() || options.missing >= Missing::mean))
    throw Error(
        "csv_source: words and what the training data fills need an encoding that is fitted; fit one by "
        "read_csv "
        "of the first rows, with .rows: it is not fitted");
}

void check_indexed_options(const CsvOptions& options, const CsvSourceOptions& how) {
  if (options.missing == Missing::drop_row)
    throw Error(
        "csv_source: rows by index must all be there; take another .missing than drop_row, or a filter");
  if (how.batch != 0)
    throw Error("csv_source: rows by index must be single; put batch behind: .batch is " +
                std::to_string(how.batch));
}

}  // namespace

Pipeline csv_source(const std::string& path, const CsvOptions& options, const Encoding& encoding,
                    CsvSourceOptions how) {
  check_csv_options(options);
  check_encoding(options, encoding);
  if (how.batch < 0)
    throw Error("csv_source: .batch must not be negative: it is " + std::to_string(how.batch));
  if (how.indexed) {
    check_indexed_options(options, how);
    const Input in(op, path);
    if (!in.plain())
      in.fail("a compressed file cannot be mapped; decompress it by gunzip, or leave .indexed out");
  }
  auto task = std::make_shared<CsvTask>(CsvTask{path, options, encoding, {}});
  CsvRows rows(op, path, form_of(options));
  task->columns = begin_table(rows, options);
  if (!encoding.fitted()) task->encoding = plain_encoding(task->columns.features.size());
  std::shared_ptr<const Source> source;
  if (how.indexed)
    source = std::make_shared<IndexedCsv>(
        task, RowPlaces(rows, rows.row_offset(), rows.line(), options.rows == 0 ? -1 : options.rows));
  else
    source = std::make_shared<StreamedCsv>(task, how.batch);
  return Pipeline(std::move(source));
}

}  // namespace xgrad::data
