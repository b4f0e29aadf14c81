#include "tensor/arena.hpp"

#include <cstring>

#include "tensor/node.hpp"

namespace xgrad::detail {
namespace {

/// What fresh elements hold: nobody's number, so that what is written is seen.
constexpr int unwritten = 0xa5;

}  // namespace

std::byte* Arena::Block::elements() const { return at + (is_buffer ? line : sizeof(Node)); }

std::size_t Arena::Block::bytes() const {
  return lines_of(size_class) * line - (is_buffer ? line : sizeof(Node));
}

std::uint64_t Arena::Block::mark_of() const {
  const std::byte *p = elements(), *end = p + bytes();
  std::uint64_t h[4] = {1, 2, 3, 4};
  for (; p < end; p += 32)
    for (int k = 0; k < 4; ++k) {
      std::uint64_t w;
      std::memcpy(&w, p + 8 * k, sizeof w);
      h[k] = (h[k] ^ w) * 0x9e3779b97f4a7c15u;
      h[k] ^= h[k] >> 29;
    }
  return h[0] ^ (h[1] << 1) ^ (h[2] << 2) ^ (h[3] << 3);
}

void* Arena::take(int size_class, bool is_buffer) {
  auto& free = free_[is_buffer][static_cast<std::size_t>(size_class)];
  Block* block;
  if (!free.empty()) {
    block = free.back();
    free.pop_back();
  } else {
    auto* at = static_cast<std::byte*>(take_from_lists(size_class));
    block = &blocks_[reinterpret_cast<std::uintptr_t>(at)];
    *block = {.at = at,
              .size_class = static_cast<std::uint16_t>(size_class),
              .is_buffer = is_buffer,
              .is_taken = true};
    bytes_ += static_cast<std::int64_t>(lines_of(size_class) * line);
    free.reserve(free.size() + 64);
  }
  block->is_taken = true;
  ++block->turn;
  std::memset(block->elements(), unwritten, block->bytes());
  block->mark = block->mark_of();
  handed_out_ += static_cast<std::int64_t>(lines_of(size_class) * line);
  return block->at;
}

bool Arena::give(void* p) noexcept {
  const auto found = blocks_.find(reinterpret_cast<std::uintptr_t>(p));
  if (found == blocks_.end()) return false;
  Block& block = found->second;
  block.is_taken = false;
  free_[block.is_buffer][block.size_class].push_back(&block);
  return true;
}

Arena::Block* Arena::find(std::uintptr_t address) {
  auto next = blocks_.upper_bound(address);
  if (next == blocks_.begin()) return nullptr;
  Block& block = std::prev(next)->second;
  return address - reinterpret_cast<std::uintptr_t>(block.at) < lines_of(block.size_class) * line ? &block
                                                                                                  : nullptr;
}

Buffer* Arena::buffer_of(const Block& block) const {
  return block.is_buffer ? reinterpret_cast<Buffer*>(block.at) : &reinterpret_cast<Node*>(block.at)->own;
}

void Arena::close() {
  if (closed_) return;
  closed_ = true;
  each_taken([&](const Block& block) {
    kept_.push_back(buffer_of(block));
    kept_.back()->owners.up();
  });
}

Arena::~Arena() {
  close();
  for (const auto& entry : blocks_)
    if (!entry.second.is_taken) give_block(entry.second.at, entry.second.size_class);
  for (Buffer* b : kept_) drop(b);
}

}  // namespace xgrad::detail
