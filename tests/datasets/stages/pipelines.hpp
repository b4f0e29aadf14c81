#pragma once

#include <algorithm>
#include <vector>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/state.hpp"
#include "xgrad/data/stages.hpp"

namespace test {

using Numbers = std::vector<std::int64_t>;

/// 0 ... n - 1 as an indexed, thread-safe source of the tests' own.
struct Counting : xgrad::data::Source {
  explicit Counting(std::int64_t n) : rows(n) {}
  std::optional<std::int64_t> size() const override { return rows; }
  bool indexed() const override { return true; }
  bool thread_safe() const override { return true; }
  xgrad::data::Row row(std::int64_t i) const override { return {xgrad::full({}, i)}; }
  std::int64_t rows;
};

/// The same, one after another and with an unknown end.
struct Streaming : xgrad::data::Source {
  explicit Streaming(std::int64_t n) : rows(n) {}
  struct Reader : xgrad::data::RowReader {
    explicit Reader(std::int64_t n) : end(n) {}
    bool next(xgrad::data::Row& row) override {
      if (at == end) return false;
      row = {xgrad::full({}, at++)};
      return true;
    }
    std::int64_t at = 0, end;
  };
  std::unique_ptr<xgrad::data::RowReader> reader() const override { return std::make_unique<Reader>(rows); }
  std::int64_t rows;
};

inline xgrad::data::Pipeline counting(std::int64_t n) {
  return xgrad::data::Pipeline(std::make_shared<Counting>(n)).with(xgrad::Generator(7));
}
inline xgrad::data::Pipeline streaming(std::int64_t n) {
  return xgrad::data::Pipeline(std::make_shared<Streaming>(n)).with(xgrad::Generator(7));
}

/// All numbers of a pass, row by row.
inline Numbers pass(const xgrad::data::Pipeline& pipeline, std::int64_t most = INT64_MAX) {
  Numbers all;
  for (const auto& batch : pipeline)
    for (const xgrad::Tensor& t : batch.tensors())
      for (const std::int64_t i : t.to_vector<std::int64_t>())
        if (static_cast<std::int64_t>(all.size()) < most)
          all.push_back(i);
        else
          return all;
  return all;
}

inline Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}
inline Numbers range(std::int64_t start, std::int64_t stop) {
  Numbers all;
  for (; start < stop; ++start) all.push_back(start);
  return all;
}

}  // namespace test
