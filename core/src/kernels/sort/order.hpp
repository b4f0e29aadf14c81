#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

// Lines in order, by keys: unsigned numbers that are ordered as the elements are. Ties keep the order of
// their places; a nan is larger than every number, and -0 is 0.

namespace xgrad::detail {

template <class T>
using KeyOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T>
KeyOf<T> key_of(T x, bool descending) {
  using K = KeyOf<T>;
  constexpr K sign = K{1} << (8 * sizeof(K) - 1);
  K key;
  if constexpr (std::is_floating_point_v<T>) {
    const K bits = std::bit_cast<K>(x + T(0));  // -0 + 0 is 0
    key = x != x ? std::numeric_limits<K>::max() : bits & sign ? ~bits : bits | sign;
  } else if constexpr (std::is_same_v<T, bool>) {
    key = x;
  } else {
    key = static_cast<K>(x) ^ sign;
  }
  return descending ? ~key : key;
}

template <class K, class Place>
struct Keyed {
  K key;
  Place place;
  bool operator<(const Keyed& other) const {
    return key < other.key || (key == other.key && place < other.place);
  }
};

/// Sorts lines of one length, which ties leave in their order. By digits of 8 bits, from the last one on
/// (Knuth, The Art of Computer Programming 3, 5.2.5); a digit that all keys share is passed over.
template <class K, class Place>
class LineSorter {
 public:
  using Entry = Keyed<K, Place>;

  explicit LineSorter(std::int64_t n)
      : line_(static_cast<std::size_t>(n)), other_(line_.size() < few ? 0 : line_.size()) {}

  /// The line, to be filled with keys and places.
  std::vector<Entry>& line() { return line_; }

  void sort() {
    if (line_.size() < few) return std::sort(line_.begin(), line_.end());
    if (line_.size() >> 32 != 0) return std::stable_sort(line_.begin(), line_.end());
    std::uint32_t counts[digits][values] = {};  // of a digit's values
    for (const Entry& e : line_)
      for (int d = 0; d < digits; ++d) ++counts[d][digit(e.key, d)];
    for (int d = 0; d < digits; ++d) move_by(d, counts[d]);
  }

 private:
  static constexpr std::size_t few = 96;  ///< that are sorted by comparisons
  static constexpr int digits = sizeof(K), values = 256;

  static int digit(K key, int d) { return static_cast<int>(key >> (8 * d) & 255); }

  void move_by(int d, std::uint32_t (&counts)[values]) {
    if (counts[digit(line_[0].key, d)] == line_.size()) return;
    std::uint32_t first = 0;
    for (int v = 0; v < values; ++v) first += std::exchange(counts[v], first);
    for (const Entry& e : line_) other_[counts[digit(e.key, d)]++] = e;
    line_.swap(other_);
  }

  std::vector<Entry> line_, other_;
};

/// The first `count` entries in order of n that entry(i) gives, in `first`; few of many.
template <class Entry, class F>
void first_of(std::int64_t n, std::int64_t count, const F& entry, std::vector<Entry>& first) {
  first.clear();
  if (count == 0) return;
  for (std::int64_t i = 0; i < count; ++i) first.push_back(entry(i));
  std::make_heap(first.begin(), first.end());
  const auto take = [&](const Entry& e) {
    if (e.key >= first.front().key) return;  // those that are as large stand further on
    std::pop_heap(first.begin(), first.end());
    first.back() = e;
    std::push_heap(first.begin(), first.end());
  };
  constexpr std::int64_t block = 32;  // of which hardly any has an entry that comes first
  std::int64_t i = count;
  for (; i + block <= n; i += block) {
    const auto bound = first.front().key;
    unsigned below = 0;
    for (std::int64_t j = 0; j < block; ++j) below += entry(i + j).key < bound;
    if (below == 0) continue;
    for (std::int64_t j = i; j < i + block; ++j) take(entry(j));
  }
  for (; i < n; ++i) take(entry(i));
  std::sort_heap(first.begin(), first.end());
}

}  // namespace xgrad::detail
