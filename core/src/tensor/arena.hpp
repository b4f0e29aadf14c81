#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tensor/pool.hpp"

namespace xgrad::detail {

/// Blocks of memory for the tensors of one step that is recorded. A block is handed out again when the tensor
/// in it is gone, so that the arena is as large as the step needs at once, and it is the arena's until that
/// ends: whoever runs the step again finds every value at its place.
///
/// What holds elements is never handed out as anything else, so that no node lies where a value was.
class Arena {
 public:
  struct Block {
    std::byte* at;
    std::uint16_t size_class;
    bool is_buffer;  ///< a buffer lies in front of the elements, else a node
    bool is_taken;
    std::uint64_t turn = 0;  ///< how often it was handed out
    std::uint64_t mark = 0;  ///< of the elements, as the last kernel left them

    std::byte* elements() const;
    std::size_t bytes() const;  ///< of elements
    std::uint64_t mark_of() const;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  void* take(int size_class, bool is_buffer);
  bool give(void* block) noexcept;  ///< false where it is not of the arena
  /// No block is taken from now on; those that are stay the arena's too.
  void close();

  /// The block in which an address lies, or null.
  Block* find(std::uintptr_t address);
  /// f(block) for all that are taken.
  template <class F>
  void each_taken(F f) const {
    for (const auto& entry : blocks_)
      if (entry.second.is_taken) f(entry.second);
  }
  Buffer* buffer_of(const Block& block) const;

  std::int64_t bytes() const { return bytes_; }  ///< of all blocks
  std::int64_t value_bytes() const {
    return handed_out_;
  }  ///< of all that were handed out, one after another

 private:
  std::map<std::uintptr_t, Block> blocks_;
  std::array<std::array<std::vector<Block*>, class_count>, 2> free_;
  std::vector<Buffer*> kept_;
  std::int64_t bytes_ = 0, handed_out_ = 0;
  bool closed_ = false;
};

/// Until the end of its scope the calling thread's blocks come from an arena, and with null from its own
/// lists again.
class BlocksFrom {
 public:
  explicit BlocksFrom(Arena* arena);
  ~BlocksFrom();
  BlocksFrom(const BlocksFrom&) = delete;
  BlocksFrom& operator=(const BlocksFrom&) = delete;

 private:
  Arena* before_;
};

/// Until the end of its scope nothing is taken from the arena of the calling thread, which still takes back
/// what is its own.
class ArenaRests {
 public:
  ArenaRests();
  ~ArenaRests();
  ArenaRests(const ArenaRests&) = delete;
  ArenaRests& operator=(const ArenaRests&) = delete;

 private:
  bool before_;
};

/// A block of the thread's own lists, whoever gives it others.
void* take_from_lists(int size_class);
/// The same of at least `bytes` bytes, for what holds no elements.
void* take_plain_block(std::size_t bytes, std::uint16_t& size_class);

}  // namespace xgrad::detail
