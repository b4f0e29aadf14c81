#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// Text as parts of words that are learnt (Sennrich, Haddow and Birch, 2016), over bytes, so that any text is
/// encoded and decoded to itself (Radford et al., 2019).
///
/// A text is cut into words with the blank before them, numbers, and runs of other characters, as GPT-2 cuts
/// it with every character beyond ASCII as a letter. Each starts as its bytes, tokens 0 to 255 in GPT-2's
/// order; then pairs of tokens that are neighbours become one, token 256 + k for pair k, the earliest learnt
/// first.
class BytePairs {
 public:
  BytePairs();

  /// Learns pairs until there are `size` tokens, or no pair occurs twice: each time the most frequent one, of
  /// equally frequent ones that of the smallest numbers. Throws Error for a size below 256.
  static BytePairs train(std::string_view text, std::int64_t size);
  /// The pairs of a file in the form of GPT-2's merges.txt: with it the tokens have GPT-2's numbers. Throws
  /// Error for what is no such file, with its line.
  static BytePairs load(const std::string& path);

  /// How many tokens there are.
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  /// The bytes of a token. Throws Error for a number that there is not.
  const std::string& token(std::int64_t number) const;

  /// The tokens of a text, int64 [n].
  Tensor encode(std::string_view text) const;
  /// The text of tokens; a part of them may end within a character.
  std::string decode(const Tensor& numbers) const;

  /// Names "pairs", int64 [size - 256, 2], undefined while there is none.
  void visit(Visitor& v);

  using Pair = std::pair<std::int64_t, std::int64_t>;

 private:
  void add(Pair pair);
  void encode_word(std::string_view word, std::vector<std::int64_t>& numbers) const;

  std::vector<std::string> bytes_;      // of each token
  std::map<Pair, std::int64_t> pairs_;  // what they become
  std::array<std::int64_t, 256> of_byte_;
  Tensor table_;
};

}  // namespace xgrad::data
