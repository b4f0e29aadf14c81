#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace xgrad::detail {

/// Where an operand begins that may be missing: null stays null.
template <class T>
T* shifted(T* p, std::int64_t by) {
  return p ? p + by : nullptr;
}

/// Rows of a batch that take one step together, and whose states before it lie together.
struct StepRun {
  std::int64_t row, rows;  ///< of the batch: [row, row + rows)
  std::int64_t at;         ///< of all rows of all steps: [at, at + rows)
  std::int64_t from;       ///< the rows that hold the states before; -1: those that the sequence starts with

  /// What lies in the rows [first, last) of the batch.
  StepRun within(std::int64_t first, std::int64_t last) const;

  /// The states before, of `width` elements a row.
  template <class T>
  const T* before(const T* start, const T* states, std::int64_t width) const {
    return from < 0 ? shifted(start, row * width) : shifted(states, from * width);
  }
};

/// Runs behind each other, and all their rows, which lie together.
struct Chunk {
  std::span<const StepRun> runs;
  std::int64_t at, rows;
};

/// How the rows of a batch go through the steps of a sequence. Where they have lengths, the longest come
/// first and rows that have ended are left out, so that the rows of a step lie together.
class Schedule {
 public:
  /// Each row goes through all steps, or where `lengths` is not null, through the first lengths[row].
  Schedule(std::int64_t steps, std::int64_t batch, const std::int64_t* lengths, bool reverse);

  /// The runs in parts of whole steps, of at least so many rows each, apart from the last.
  std::vector<Chunk> chunks(std::int64_t rows) const;

  std::int64_t total = 0;            ///< rows of all steps
  std::vector<StepRun> runs;         ///< in the order in which they are computed
  std::vector<std::int64_t> last;    ///< where the last state of each row is; -1: it takes no step
  std::vector<std::int64_t> order;   ///< which row of the batch comes first, second ...; empty: as they are
  std::vector<std::int64_t> places;  ///< which row of [steps * batch] row i is; empty: row i

 private:
  void add_step(std::int64_t rows, std::int64_t at, std::int64_t rows_before, std::int64_t at_before);
};

}  // namespace xgrad::detail
