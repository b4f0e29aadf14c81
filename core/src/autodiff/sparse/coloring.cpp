#include "autodiff/sparse/coloring.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace xgrad::detail {

std::int64_t SparseRows::most() const {
  std::int64_t n = 0;
  for (std::int64_t i = 0; i < height(); ++i) n = std::max(n, degree(i));
  return n;
}

SparseRows transposed(const SparseRows& m) {
  SparseRows t;
  t.width = m.height();
  t.start.assign(static_cast<std::size_t>(m.width) + 1, 0);
  for (std::int64_t j : m.columns) ++t.start[static_cast<std::size_t>(j) + 1];
  std::partial_sum(t.start.begin(), t.start.end(), t.start.begin());
  t.columns.resize(m.columns.size());
  std::vector<std::int64_t> next(t.start.begin(), t.start.end() - 1);
  for (std::int64_t i = 0; i < m.height(); ++i)
    for (std::int64_t k = m.begin(i); k < m.end(i); ++k)
      t.columns[static_cast<std::size_t>(next[static_cast<std::size_t>(m.column(k))]++)] = i;
  return t;
}

SparseRows sparse_rows(std::int64_t height, std::int64_t width, const std::int64_t* rows,
                       const std::int64_t* columns, std::int64_t count) {
  SparseRows m;
  m.width = width;
  m.start.assign(static_cast<std::size_t>(height) + 1, 0);
  for (std::int64_t k = 0; k < count; ++k) ++m.start[static_cast<std::size_t>(rows[k]) + 1];
  std::partial_sum(m.start.begin(), m.start.end(), m.start.begin());
  m.columns.resize(static_cast<std::size_t>(count));
  std::vector<std::int64_t> next(m.start.begin(), m.start.end() - 1);
  for (std::int64_t k = 0; k < count; ++k)
    m.columns[static_cast<std::size_t>(next[static_cast<std::size_t>(rows[k])]++)] = columns[k];
  const SparseRows sorted = transposed(transposed(m));  // each time in the order of the others' rows
  SparseRows once;
  once.width = width;
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t k = sorted.begin(i); k < sorted.end(i); ++k)
      if (k == sorted.begin(i) || sorted.column(k) != sorted.column(k - 1))
        once.columns.push_back(sorted.column(k));
    once.start.push_back(static_cast<std::int64_t>(once.columns.size()));
  }
  return once;
}

bool is_alone(const SparseRows& m, const Coloring& colors, std::int64_t i, std::int64_t j) {
  for (std::int64_t k = m.begin(i); k < m.end(i); ++k)
    if (m.column(k) != j && colors.of(m.column(k)) == colors.of(j)) return false;
  return true;
}

namespace {

using Order = std::vector<std::int64_t>;

Order natural(std::int64_t n) {
  Order order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// By the number of neighbours, those with most first or last.
Order by_degree(const SparseRows& m, bool most_first) {
  Order order = natural(m.height());
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return most_first ? m.degree(a) > m.degree(b) : m.degree(a) < m.degree(b);
  });
  return order;
}

/// A set of colors.
class Colors {
 public:
  void add(std::int32_t c) {
    const auto word = static_cast<std::size_t>(c) / 64;
    if (word >= words_.size()) words_.resize(word + 1);
    words_[word] |= std::uint64_t{1} << (c % 64);
  }
  void add(const Colors& more) {
    if (more.words_.size() > words_.size()) words_.resize(more.words_.size());
    for (std::size_t i = 0; i < more.words_.size(); ++i) words_[i] |= more.words_[i];
  }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  /// The first color that is not in it.
  std::int32_t first_other() const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      if (~words_[i]) return static_cast<std::int32_t>(64 * i) + std::countr_one(words_[i]);
    return static_cast<std::int32_t>(64 * words_.size());
  }

 private:
  std::vector<std::uint64_t> words_;
};

/// `columns` has the rows of each column: what colors a row already has is known of the row, so that one with
/// many columns costs no more for each of them.
Coloring colored_in(const Order& order, const SparseRows& columns, std::int64_t height) {
  Coloring result{std::vector<std::int32_t>(order.size()), 0};
  std::vector<Colors> of_row(static_cast<std::size_t>(height));
  Colors taken;
  for (std::int64_t j : order) {
    taken.clear();
    for (std::int64_t k = columns.begin(j); k < columns.end(j); ++k)
      taken.add(of_row[static_cast<std::size_t>(columns.column(k))]);
    const std::int32_t c = taken.first_other();
    for (std::int64_t k = columns.begin(j); k < columns.end(j); ++k)
      of_row[static_cast<std::size_t>(columns.column(k))].add(c);
    result.color[static_cast<std::size_t>(j)] = c;
    result.count = std::max(result.count, c + 1);
  }
  return result;
}

/// What is known of the colored neighbours of a node: for each color how many there are, and one of them.
class Neighbours {
 public:
  struct Of {
    std::int32_t color;
    std::int32_t count;
    std::int64_t one;
  };

  void add(std::int32_t color, std::int64_t node) {
    for (Of& k : of_)
      if (k.color == color) return void(++k.count);
    of_.push_back({color, 1, node});
  }
  std::int32_t count(std::int32_t color) const {
    for (const Of& k : of_)
      if (k.color == color) return k.count;
    return 0;
  }
  const std::vector<Of>& all() const { return of_; }

 private:
  std::vector<Of> of_;
};

/// Stops, with more colors than that, where it needs more than `most`.
Coloring star_colored_in(const Order& order, const SparseRows& m, std::int32_t most) {
  Coloring result{std::vector<std::int32_t>(order.size(), -1), 0};
  std::vector<Neighbours> near(order.size());
  const auto at = [&](std::int64_t i) -> Neighbours& { return near[static_cast<std::size_t>(i)]; };
  Colors taken;
  for (std::int64_t i : order) {
    taken.clear();
    for (std::int64_t k = m.begin(i); k < m.end(i); ++k) {
      const std::int64_t j = m.column(k);
      const std::int32_t c = result.of(j);
      if (j == i || c < 0) continue;
      taken.add(c);
      // (i, j) is read in row j where row i has several of j's color: i has to be alone there. Else another
      // that i would join in row j is to be read in its own row: j has to be alone there.
      const bool is_alone_in_i = at(i).count(c) == 1;
      for (const Neighbours::Of& there : at(j).all())
        if (!is_alone_in_i || (there.count == 1 && at(there.one).count(c) > 1)) taken.add(there.color);
    }
    const std::int32_t c = taken.first_other();
    result.color[static_cast<std::size_t>(i)] = c;
    result.count = std::max(result.count, c + 1);
    if (result.count > most) return result;
    for (std::int64_t k = m.begin(i); k < m.end(i); ++k)
      if (m.column(k) != i) at(m.column(k)).add(c, i);
  }
  return result;
}

}  // namespace

Coloring color_columns(const SparseRows& m) {
  const SparseRows columns = transposed(m);
  const Coloring plain = colored_in(natural(m.width), columns, m.height());
  if (plain.count == m.most()) return plain;  // fewer there cannot be
  const Coloring other = colored_in(by_degree(columns, true), columns, m.height());
  return other.count < plain.count ? other : plain;
}

Coloring color_symmetric(const SparseRows& m) {
  Coloring best = star_colored_in(by_degree(m, false), m, static_cast<std::int32_t>(m.width) + 1);
  for (const Order& order : {natural(m.width), by_degree(m, true)}) {
    Coloring other = star_colored_in(order, m, best.count - 1);
    if (other.count < best.count) best = std::move(other);
  }
  return best;
}

}  // namespace xgrad::detail
