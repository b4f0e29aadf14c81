#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/train/parts.hpp"
#include "xgrad/train/scores.hpp"

namespace xgrad::train {

/// The losses of some batches, weighted by their rows.
struct LossSums {
  double total = 0;
  std::vector<double> parts = {};
  std::int64_t rows = 0;

  void add(double loss, const std::vector<double>& of_parts, std::int64_t n) {
    const auto weight = static_cast<double>(n);
    total += loss * weight;
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] += of_parts[i] * weight;
    rows += n;
  }
  void reset(std::size_t part_count) { *this = {.parts = std::vector<double>(part_count)}; }
  /// The means: "loss", and the parts by their names.
  void put(const Loss* loss, const std::string& prefix, Scores& scores) const;
  void visit(Visitor& v) { v("total", total), v("parts", parts), v("rows", rows); }
};

}  // namespace xgrad::train
