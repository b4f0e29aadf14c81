#include "xgrad/data/idx_source.hpp"

#include <algorithm>

#include "idx_format.hpp"
#include "mapped_file.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

IdxHeader header_of(const IdxFile& file) {
  Input in("idx_source", file.path);
  if (!in.plain()) in.fail("a compressed file cannot be mapped; decompress it by gunzip, or use read_idx");
  const IdxHeader header = read_idx_header(in, file.dtype);
  if (header.shape.rank() == 0) in.fail("the file must have rows; it holds one number without an axis");
  const std::uint64_t expected =
      header.bytes() + static_cast<std::uint64_t>(header.shape.numel()) * header.item;
  if (in.most_bytes().value_or(0) != expected)
    fail_idx_size(in, header.shape, header.item, "the file is too long");
  return header;
}

/// Rows of one file.
class MappedIdx {
 public:
  explicit MappedIdx(const IdxFile& file)
      : header_(header_of(file)),
        file_("idx_source", file.path),
        row_shape_(std::span<const std::int64_t>(header_.shape.begin() + 1, header_.shape.size() - 1)) {}

  std::int64_t size() const { return header_.shape[0]; }
  const Shape& row_shape() const { return row_shape_; }

  Tensor rows(std::span<const std::int64_t> rows, const Shape& shape) const {
    Tensor x = empty(shape, {.dtype = header_.as});
    if (header_.as == float32) fill(rows, x.mutable_data<float>());
    if (header_.as == float64) fill(rows, x.mutable_data<double>());
    if (header_.as == int64) fill(rows, x.mutable_data<std::int64_t>());
    return x;
  }

 private:
  template <Element T>
  void fill(std::span<const std::int64_t> rows, std::span<T> x) const {
    const auto n = static_cast<std::size_t>(row_shape_.numel());
    const auto* const data = reinterpret_cast<const Byte*>(file_.bytes().data()) + header_.bytes();
    with_stored_type(header_.code, [&]<class S>(S) {
      for (std::size_t i = 0; i < rows.size(); ++i)
        convert<S>(data + static_cast<std::size_t>(rows[i]) * n * header_.item, x.subspan(i * n, n));
    });
  }

  IdxHeader header_;
  MappedFile file_;
  Shape row_shape_;
};

class IdxSource : public Source {
 public:
  explicit IdxSource(const std::vector<IdxFile>& files) {
    if (files.empty()) throw Error("idx_source: it needs a file: there is none");
    for (const IdxFile& file : files) {
      files_.push_back(std::make_unique<MappedIdx>(file));
      if (files_.back()->size() != files_.front()->size())
        throw Error("idx_source: the files must have equally many rows: they have " +
                    std::to_string(files_.front()->size()) + " and " + std::to_string(files_.back()->size()) +
                    ": " + file.path);
    }
  }
  std::optional<std::int64_t> size() const override { return files_.front()->size(); }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  Row row(std::int64_t i) const override {
    Row row;
    for (const auto& file : files_) row.push_back(file->rows({&i, 1}, file->row_shape()));
    return row;
  }
  Row gather(std::span<const std::int64_t> rows) const override {
    Row batch;
    for (const auto& file : files_) {
      std::vector<std::int64_t> shape{static_cast<std::int64_t>(rows.size())};
      shape.insert(shape.end(), file->row_shape().begin(), file->row_shape().end());
      batch.push_back(file->rows(rows, Shape(shape)));
    }
    return batch;
  }

 private:
  std::vector<std::unique_ptr<MappedIdx>> files_;
};

}  // namespace

Pipeline idx_source(std::vector<IdxFile> files) {
  return Pipeline(std::shared_ptr<const Source>(std::make_shared<IdxSource>(files)));
}

}  // namespace xgrad::data
