#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace xgrad::detail {

struct Node;

/// A small hash map from nodes to numbers, by open addressing. Clearing it keeps its room, and takes time for
/// what is in it only.
class NodeMap {
 public:
  std::uint32_t* find(const Node* key) { return const_cast<std::uint32_t*>(std::as_const(*this).find(key)); }
  const std::uint32_t* find(const Node* key) const {
    if (taken_.empty()) return nullptr;
    for (std::size_t i = start(key);; i = next(i)) {
      if (slots_[i].key == key) return &slots_[i].value;
      if (!slots_[i].key) return nullptr;
    }
  }

  void insert(const Node* key, std::uint32_t value) {
    if (2 * (taken_.size() + 1) > slots_.size()) grow();
    std::size_t i = start(key);
    while (slots_[i].key && slots_[i].key != key) i = next(i);
    if (!slots_[i].key) taken_.push_back(i);
    slots_[i] = {key, value};
  }

  void clear() {
    for (std::size_t i : taken_) slots_[i] = {};
    taken_.clear();
  }

 private:
  struct Slot {
    const Node* key = nullptr;
    std::uint32_t value = 0;
  };

  // Nodes lie on 64-byte boundaries; Fibonacci hashing spreads the bits above.
  std::size_t start(const Node* key) const {
    const std::uint64_t h = (reinterpret_cast<std::uintptr_t>(key) >> 6) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(h >> (64 - std::countr_zero(slots_.size())));
  }
  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    taken_.clear();
    for (const Slot& s : old)
      if (s.key) insert(s.key, s.value);
  }

  std::vector<Slot> slots_;
  std::vector<std::size_t> taken_;
};

}  // namespace xgrad::detail
