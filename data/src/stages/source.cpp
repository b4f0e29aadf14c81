#include "xgrad/data/source.hpp"

#include <exception>

#include "stages/pass.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/shape.hpp"

namespace xgrad::data {

namespace {

class CountingReader : public RowReader {
 public:
  explicit CountingReader(const Source& source) : source_(source), size_(source.size().value_or(0)) {}
  bool next(Row& row) override {
    if (place_ >= size_) return false;
    row = source_.row(place_++);
    return true;
  }

 private:
  const Source& source_;
  std::int64_t size_, place_ = 0;
};

std::string described(const Row& row) {
  std::string s;
  for (const Tensor& t : row) (s += s.empty() ? "" : ", ") += t.defined() ? t.describe() : "undefined";
  return s.empty() ? "no tensors" : s;
}

bool alike(const Row& a, const Row& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (!a[k].defined() || !b[k].defined() || a[k].dtype() != b[k].dtype() || a[k].shape() != b[k].shape())
      return false;
  return true;
}

class IndexedSourcePass : public IndexedPass {
 public:
  explicit IndexedSourcePass(std::shared_ptr<const Source> source)
      : IndexedPass(source->size().value()), source_(std::move(source)) {}

  Job at(std::int64_t i) override {
    const auto make = [source = source_, i] { return at_row("Source", i, [&] { return source->row(i); }); };
    if (source_->thread_safe()) return {i, make};
    return {i, [row = make()] { return row; }};
  }
  std::optional<Origin> origin() const override {
    return Origin{source_, [](std::int64_t i) { return i; }};
  }

 private:
  std::shared_ptr<const Source> source_;
};

class ReaderPass : public Pass {
 public:
  explicit ReaderPass(std::shared_ptr<const Source> source)
      : source_(std::move(source)), reader_(source_->reader()) {}

  bool next(Job& job) override {
    bool more = false;
    const std::int64_t i = place_++;
    Row row = at_row("Source", i, [&] {
      Row next;
      more = reader_->next(next);
      return next;
    });
    if (more) job = {i, [row = std::move(row)] { return row; }};
    return more;
  }

 private:
  std::shared_ptr<const Source> source_;
  std::unique_ptr<RowReader> reader_;
  std::int64_t place_ = 0;
};

class SourcePlan : public Plan {
 public:
  explicit SourcePlan(std::shared_ptr<const Source> source) : source_(std::move(source)) {
    if (source_->indexed() && !source_->size())
      throw Error("Source: a source by index must know its size: size() gave nothing");
  }
  std::optional<std::int64_t> size() const override { return source_->size(); }
  bool indexed() const override { return source_->indexed(); }
  bool random() const override { return false; }
  std::unique_ptr<Pass> begin(PassSeed) const override {
    if (indexed()) return std::make_unique<IndexedSourcePass>(source_);
    return std::make_unique<ReaderPass>(source_);
  }

 private:
  std::shared_ptr<const Source> source_;
};

}  // namespace

Row Source::row(std::int64_t i) const {
  throw Error("Source: it has no rows by index; read them in their order, or define row: row " +
              std::to_string(i));
}

Row Source::gather(std::span<const std::int64_t> rows) const {
  std::vector<Row> all;
  all.reserve(rows.size());
  for (const std::int64_t i : rows) all.push_back(row(i));
  return stack_rows(all);
}

std::unique_ptr<RowReader> Source::reader() const {
  if (!indexed()) throw Error("Source: a source that is not by index needs a reader: define reader");
  return std::make_unique<CountingReader>(*this);
}

Row stack_rows(std::span<const Row> rows) {
  if (rows.empty()) throw Error("stack_rows: a batch needs a row: there is none");
  for (std::size_t i = 1; i < rows.size(); ++i)
    if (!alike(rows[0], rows[i]))
      throw Error(
          "stack_rows: the rows of a batch must have the same shapes and dtypes; fill them up with "
          ".padding, or give .collate: row 0 is " +
          described(rows[0]) + " and row " + std::to_string(i) + " is " + described(rows[i]));
  Row batch;
  std::vector<Tensor> column(rows.size());
  for (std::size_t k = 0; k < rows[0].size(); ++k) {
    for (std::size_t i = 0; i < rows.size(); ++i) column[i] = rows[i][k];
    batch.push_back(stack(column));
  }
  return batch;
}

// What passes and plans share
// ----------------------------------------------------------------------------------

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a + (b + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

PassSeed PassSeed::part(std::uint64_t k) const { return {mix(transform, k), mix(order, k)}; }

void Pass::skip(std::int64_t n) {
  Job job;
  while (n-- > 0 && next(job)) {
  }
}

std::unique_ptr<IndexedPass> begin_indexed(const Plan& plan, PassSeed seed) {
  return std::unique_ptr<IndexedPass>(static_cast<IndexedPass*>(plan.begin(seed).release()));
}

void check_indexed(const char* stage, const Plan& plan) {
  if (!plan.indexed())
    throw Error(
        std::string(stage) +
        ": it needs rows by index, which a reader, a filter, a shuffle with a buffer and prefetch do not "
        "give; put it before them, or shuffle by a buffer");
}

Row at_row(const char* who, std::int64_t row, const std::function<Row()>& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    std::throw_with_nested(Error(std::string(who) + ": " + e.what() + ": at row " + std::to_string(row)));
  }
}

PlanPointer plan_of(std::shared_ptr<const Source> source) {
  if (!source) throw Error("Pipeline: a source is expected: the pointer is null");
  return std::make_shared<SourcePlan>(std::move(source));
}

}  // namespace xgrad::data
