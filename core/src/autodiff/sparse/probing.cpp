#include "autodiff/sparse/probing.hpp"

#include <algorithm>

#include "kernels/loops/dispatch.hpp"
#include "ops/support/promote.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {
namespace {

constexpr std::int64_t parts = 4;  // twice as many passes a step as two, and half as many steps

/// Ranges of `size` columns, of which each row of `hit` names those that it depends on.
class Prober {
 public:
  Prober(std::int64_t width, const Products& products, const Tensor& elements, std::int64_t at_once,
         bool symmetric)
      : width_(width), products_(products), elements_(elements), at_once_(at_once), symmetric_(symmetric) {}

  SparseRows run(bool gives_up) {
    std::int64_t size = 1;
    while (size < width_) size *= parts;
    SparseRows hit;  // its height is known with the first products
    for (bool first = true; first || size > 1; first = false) {
      Coloring colors{{0}, 1};
      if (!first) colors = symmetric_ ? color_symmetric(of_ranges(hit, size)) : color_columns(hit);
      if (gives_up && !first && hit.width >= 64 && 2 * colors.count > hit.width) return {};
      const std::int64_t part = std::max<std::int64_t>(size / parts, 1);
      hit = parted(hit, colors, size, part, first);
      size = part;
    }
    return hit;
  }

 private:
  SparseRows parted(const SparseRows& hit, const Coloring& colors, std::int64_t size, std::int64_t part,
                    bool first) {
    const std::int64_t each = size / part, tries = colors.count * each;
    std::vector<std::vector<std::int64_t>> found;
    const std::vector<char> alone = first ? std::vector<char>() : told_apart(hit, colors);
    for (std::int64_t from = 0; from < tries; from += at_once_) {
      const std::int64_t count = std::min(at_once_, tries - from);
      const Tensor y = products_(directions(colors, size, part, from, count));
      const std::int64_t height = y.size(1);
      found.resize(static_cast<std::size_t>(height));
      visit_floating(y.dtype(), [&](auto tag) {
        const auto* p = ptr<type_of<decltype(tag)>>(y);
        for (std::int64_t i = 0; i < height; ++i) {
          const auto at = [&](std::int64_t range) {
            const std::int64_t base = colors.of(range) * each;
            for (std::int64_t q = std::max(base, from); q < std::min(base + each, from + count); ++q)
              if (!(p[(q - from) * height + i] == 0))
                found[static_cast<std::size_t>(i)].push_back(range * each + q - base);
          };
          if (first) {
            at(0);
          } else {
            for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k)
              if (alone[static_cast<std::size_t>(k)]) at(hit.column(k));
          }
        }
      });
    }
    if (symmetric_ && !first) add_mirrored(hit, alone, each, part, found);
    SparseRows result;
    result.width = (width_ + part - 1) / part;
    for (auto& row : found) {
      std::sort(row.begin(), row.end());
      result.columns.insert(result.columns.end(), row.begin(), row.end());
      result.start.push_back(static_cast<std::int64_t>(result.columns.size()));
    }
    return result;
  }

  /// Which ranges each range depends on, or is one that depends on it.
  static SparseRows of_ranges(const SparseRows& hit, std::int64_t size) {
    std::vector<std::int64_t> rows, columns;
    for (std::int64_t i = 0; i < hit.height(); ++i)
      for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k) {
        rows.push_back(i / size), columns.push_back(hit.column(k));
        rows.push_back(hit.column(k)), columns.push_back(i / size);
      }
    return sparse_rows(hit.width, hit.width, rows.data(), columns.data(),
                       static_cast<std::int64_t>(rows.size()));
  }

  /// Whether each range that a row depends on is the only one of its color there.
  static std::vector<char> told_apart(const SparseRows& hit, const Coloring& colors) {
    std::vector<char> alone(hit.columns.size());
    std::vector<std::int32_t> count(static_cast<std::size_t>(colors.count));
    const auto of = [&](std::int64_t k) -> std::int32_t& {
      return count[static_cast<std::size_t>(colors.of(hit.column(k)))];
    };
    for (std::int64_t i = 0; i < hit.height(); ++i) {
      for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k) ++of(k);
      for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k)
        alone[static_cast<std::size_t>(k)] = of(k) == 1;
      for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k) of(k) = 0;
    }
    return alone;
  }

  /// Of ranges that are not told apart in a row, the parts in which another row has found this row's part: of
  /// a symmetric matrix.
  void add_mirrored(const SparseRows& hit, const std::vector<char>& alone, std::int64_t each,
                    std::int64_t part, std::vector<std::vector<std::int64_t>>& found) const {
    std::vector<std::int64_t> rows, columns;
    for (std::size_t j = 0; j < found.size(); ++j)
      for (std::int64_t of : found[j])
        rows.push_back(of), columns.push_back(static_cast<std::int64_t>(j) / part);
    const std::int64_t ranges = (width_ + part - 1) / part;
    const SparseRows mirrored =
        sparse_rows(ranges, ranges, rows.data(), columns.data(), static_cast<std::int64_t>(rows.size()));
    for (std::int64_t i = 0; i < hit.height(); ++i) {
      const auto begin = mirrored.columns.begin() + mirrored.begin(i / part),
                 end = mirrored.columns.begin() + mirrored.end(i / part);
      for (std::int64_t k = hit.begin(i); k < hit.end(i); ++k) {
        if (alone[static_cast<std::size_t>(k)]) continue;
        const std::int64_t first = hit.column(k) * each;
        for (auto at = std::lower_bound(begin, end, first); at != end && *at < first + each; ++at)
          found[static_cast<std::size_t>(i)].push_back(*at);
      }
    }
  }

  /// Of tries [from, from + count): try q has part q % each of all ranges of color q / each.
  Tensor directions(const Coloring& colors, std::int64_t size, std::int64_t part, std::int64_t from,
                    std::int64_t count) const {
    Tensor v = zeros_of({count, width_}, elements_.dtype());
    const std::int64_t each = size / part;
    visit_floating(v.dtype(), [&](auto tag) {
      using T = type_of<decltype(tag)>;
      for (std::int64_t j = 0; j < width_; ++j) {
        const std::int64_t range = j / size, q = colors.of(range) * each + j % size / part;
        if (q >= from && q < from + count) ptr<T>(v)[(q - from) * width_ + j] = ptr<T>(elements_)[j];
      }
    });
    return v;
  }

  const std::int64_t width_;
  const Products& products_;
  const Tensor& elements_;
  const std::int64_t at_once_;
  const bool symmetric_;
};

}  // namespace

SparseRows probed(std::int64_t width, const Products& products, const Tensor& elements, std::int64_t at_once,
                  bool gives_up) {
  return Prober(width, products, elements, at_once, false).run(gives_up);
}

SparseRows probed_symmetric(std::int64_t width, const Products& products, const Tensor& elements,
                            std::int64_t at_once) {
  return Prober(width, products, elements, at_once, true).run(false);
}

}  // namespace xgrad::detail
