#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "xgrad/data/pipeline.hpp"
#include "xgrad/data/sampler.hpp"

// The stages of a pipeline. Each is a value: `from(set) | shuffle() | batch(32)`, and `shuffle() | batch(32)`
// is a stage too. "By index" are a source that is, and map, take, shuffle without a buffer, sample, shard,
// batch, repeat of a given number, concat, zip and cache behind one.

namespace xgrad::data {

/// Each row as f makes it of it. An f that returns one tensor takes the first and leaves the others as they
/// are. f must be safe to call from several threads where `prefetch` follows.
Stage map(std::function<Row(Row)> f);
Stage map(std::function<Tensor(const Tensor&)> f);
/// The same with a generator that belongs to this row of this pass alone, for random transforms.
Stage map(std::function<Row(Row, Generator&)> f);
Stage map(std::function<Tensor(const Tensor&, Generator&)> f);

/// The rows that f is true for. How many they are is only known at the end, and what is left is not by index.
Stage filter(std::function<bool(const Row&)> f);

struct ShuffleOptions {
  /// 0: the whole, by a permutation; that needs rows by index. Else so many rows wait, and each time one of
  /// them is drawn, which any source can do. Behind a reader they are in memory.
  std::int64_t buffer = 0;
};
/// The rows in another order in each pass.
Stage shuffle(ShuffleOptions options = {});
/// The rows that a sampler names, in its order. Needs rows by index.
Stage sample(Sampler sampler);

struct ShardOptions {
  bool drop_last = false;  ///< leave out the rest, instead of rows from the beginning for those who lack one
};
/// The rows rank, rank + size, ... : each of `size` processes has its own and all have equally many, as
/// PyTorch's DistributedSampler gives them. It stands behind a shuffle that is seeded alike in all. Needs
/// rows by index. Throws Error unless 0 <= rank < size.
Stage shard(std::int64_t rank, std::int64_t size, ShardOptions options = {});
Pipeline shard(const Pipeline& source, std::int64_t rank, std::int64_t size, ShardOptions options = {});

struct BatchOptions {
  bool drop_last = false;  ///< leave out the last batch when it is smaller than the others
  /// Makes a batch of rows, instead of stack_rows.
  std::function<Row(std::span<const Row>)> collate = {};
  /// Where given, the rows' tensors may have different leading sizes: they are filled up behind with this
  /// number to the longest of the batch, and the batch has one tensor more, the length of each row's first
  /// tensor, int64 [rows].
  std::optional<double> padding = {};
};
/// `size` rows at a time as one. Throws Error for a size below 1.
Stage batch(std::int64_t size, BatchOptions options = {});

/// The passes of the source, one behind the other; without a number there is no end. Each has an order of its
/// own.
Stage repeat();
Stage repeat(std::int64_t times);
/// The first n rows, or all where there are fewer.
Stage take(std::int64_t n);

/// Keeps each row in memory when it has been made, for this pass and all others and in all copies. What is
/// random before it is drawn once, from `seed` and not from the pass.
struct CacheOptions {
  std::uint64_t seed = 0;
};
Stage cache(CacheOptions options = {});

struct PrefetchOptions {
  std::int64_t ahead = 0;  ///< rows that may wait; 0: two for each worker
};
/// Makes rows on threads of their own, while who takes them does something else, and delivers them in order.
/// What stands behind a reader, a filter or a source that is not thread-safe is shared by the workers; what
/// stands before it they do in turn. With 0 workers it does nothing. The threads end with the pass.
Stage prefetch(int workers, PrefetchOptions options = {});

/// The rows of one source behind those of another.
Pipeline concat(const std::vector<Pipeline>& sources);
/// Row i of each as one row: the tensors of the first, then those of the second. Sources of different length
/// are an Error: at once where the lengths are known, else when one ends.
Pipeline zip(const std::vector<Pipeline>& sources);

}  // namespace xgrad::data
