#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

struct VocabularyOptions {
  /// Tokens that come first whatever the text is: `{"<pad>", "<unk>"}` makes them 0 and 1.
  std::vector<std::string> special = {};
  /// The token that stands for all that are not in the vocabulary, one of the special ones; without it such a
  /// token is an Error.
  std::optional<std::string> unknown = {};
  std::int64_t min_frequency = 1;  ///< leave out what occurs less often
  std::int64_t max_size = 0;       ///< keep the most frequent only, the special ones included; 0: all
};

/// Tokens and their numbers: state, saved with the model that was trained with it.
///
///     const data::Vocabulary letters(data::characters(text));
///     const Tensor ids = letters.encode(data::characters("call me"));
class Vocabulary {
 public:
  Vocabulary() = default;
  /// Of the tokens of a text: first the special ones, then the others in the order of their bytes. Throws
  /// Error for options that contradict each other.
  explicit Vocabulary(std::span<const std::string> text, VocabularyOptions options = {});
  explicit Vocabulary(const std::vector<std::string>& text, VocabularyOptions options = {})
      : Vocabulary(std::span<const std::string>(text), std::move(options)) {}

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  bool contains(std::string_view token) const { return numbers_.contains(token); }

  /// The number of a token, that of the unknown one where it is not there. Throws Error where there is no
  /// unknown token either.
  std::int64_t number(std::string_view token) const;
  /// The token of a number. Throws Error for a number that there is not.
  const std::string& token(std::int64_t number) const;

  /// The numbers of tokens, int64 [n].
  Tensor encode(std::span<const std::string> tokens) const;
  Tensor encode(const std::vector<std::string>& tokens) const {
    return encode(std::span<const std::string>(tokens));
  }
  /// The tokens of numbers, one behind the other.
  std::string decode(const Tensor& numbers, std::string_view between = "") const;

  /// Names "tokens", all of them as one text, and "unknown", the number of the unknown one or -1.
  void visit(Visitor& v);

 private:
  void number_tokens();

  std::string text_ = "0;";  // the tokens
  std::vector<std::string> tokens_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::int64_t unknown_ = -1;
};

}  // namespace xgrad::data
