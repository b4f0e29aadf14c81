#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/data/byte_pairs.hpp"

namespace xgrad::data {

/// The parts that a text is cut into before pairs are looked for; together they are the text.
std::vector<std::string_view> pieces(std::string_view text);

/// The bytes in GPT-2's order: those that are shown as they are come first.
std::array<unsigned char, 256> byte_order();

/// Learns pairs of a text whose pieces are lists of tokens, `count` of them at most.
std::vector<BytePairs::Pair> learn_pairs(std::string_view text, const std::array<std::int64_t, 256>& of_byte,
                                         std::int64_t count);

}  // namespace xgrad::data
