#include "kernels/recurrent/schedule.hpp"

#include <algorithm>
#include <numeric>

namespace xgrad::detail {

StepRun StepRun::within(std::int64_t first, std::int64_t last) const {
  const std::int64_t skipped = std::max<std::int64_t>(first - row, 0);
  const std::int64_t count = std::min(last, row + rows) - (row + skipped);
  return {row + skipped, std::max<std::int64_t>(count, 0), at + skipped, from < 0 ? from : from + skipped};
}

Schedule::Schedule(std::int64_t steps, std::int64_t batch, const std::int64_t* lengths, bool reverse)
    : last(static_cast<std::size_t>(batch), -1) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(steps), batch), at;
  if (lengths) {
    order.resize(last.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return lengths[a] > lengths[b]; });
    for (std::int64_t t = 0; t < steps; ++t)
      rows[static_cast<std::size_t>(t)] =
          std::count_if(lengths, lengths + batch, [&](std::int64_t n) { return n > t; });
  }
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::int64_t count = rows[static_cast<std::size_t>(t)];
    at.push_back(total);
    total += count;
    if (lengths)
      for (std::int64_t p = 0; p < count; ++p)
        places.push_back(t * batch + order[static_cast<std::size_t>(p)]);
  }
  for (std::int64_t s = 0, rows_before = 0, at_before = 0; s < steps; ++s) {
    const auto t = static_cast<std::size_t>(reverse ? steps - 1 - s : s);
    add_step(rows[t], at[t], rows_before, at_before);
    rows_before = rows[t], at_before = at[t];
  }
}

/// Those that were in the step before go on, the others start.
void Schedule::add_step(std::int64_t rows, std::int64_t at, std::int64_t rows_before,
                        std::int64_t at_before) {
  const std::int64_t going_on = std::min(rows, rows_before);
  if (going_on > 0) runs.push_back({0, going_on, at, at_before});
  if (rows > going_on) runs.push_back({going_on, rows - going_on, at + going_on, -1});
  for (std::int64_t p = 0; p < rows; ++p) last[static_cast<std::size_t>(p)] = at + p;
}

std::vector<Chunk> Schedule::chunks(std::int64_t rows) const {
  std::vector<Chunk> all;
  for (const StepRun* run = runs.data(); run != runs.data() + runs.size(); ++run) {
    const bool new_step = run->row == 0;
    if (all.empty() || (new_step && all.back().rows >= rows)) all.push_back({{run, 0}, run->at, 0});
    Chunk& chunk = all.back();
    chunk.runs = {chunk.runs.data(), chunk.runs.size() + 1};
    chunk.at = std::min(chunk.at, run->at);
    chunk.rows += run->rows;
  }
  return all;
}

}  // namespace xgrad::detail
