#include <map>
#include <set>

#include "text/byte_pairs.hpp"

namespace xgrad::data {

namespace {

using Pair = BytePairs::Pair;

/// A piece of text that occurs `count` times.
struct Piece {
  std::vector<std::int64_t> tokens;
  std::int64_t count;
};

/// How often each pair occurs, and where, kept up to date while pairs become tokens.
class PairCounts {
 public:
  explicit PairCounts(std::vector<Piece> all) : pieces_(std::move(all)) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) change(i, 1);
  }

  /// The most frequent pair, of equally frequent ones the smallest; false where none occurs twice.
  bool best(Pair& pair) const {
    std::int64_t most = 1;
    for (const auto& [candidate, count] : counts_)
      if (count > most) most = count, pair = candidate;
    return most > 1;
  }

  void merge(Pair pair, std::int64_t token) {
    const std::set<std::size_t> places = places_[pair];
    for (const std::size_t i : places) {
      change(i, -1);
      std::vector<std::int64_t>& tokens = pieces_[i].tokens;
      std::size_t to = 0;
      for (std::size_t from = 0; from < tokens.size(); ++to) {
        const bool found = from + 1 < tokens.size() && Pair(tokens[from], tokens[from + 1]) == pair;
        tokens[to] = found ? token : tokens[from];
        from += found ? 2 : 1;
      }
      tokens.resize(to);
      change(i, 1);
    }
    counts_.erase(pair);
    places_.erase(pair);
  }

 private:
  void change(std::size_t i, std::int64_t sign) {
    const Piece& piece = pieces_[i];
    for (std::size_t k = 0; k + 1 < piece.tokens.size(); ++k) {
      const Pair pair(piece.tokens[k], piece.tokens[k + 1]);
      counts_[pair] += sign * piece.count;
      if (sign > 0)
        places_[pair].insert(i);
      else
        places_[pair].erase(i);
    }
  }

  std::vector<Piece> pieces_;
  std::map<Pair, std::int64_t> counts_;
  std::map<Pair, std::set<std::size_t>> places_;
};

}  // namespace

std::vector<Pair> learn_pairs(std::string_view text, const std::array<std::int64_t, 256>& of_byte,
                              std::int64_t count) {
  std::map<std::string_view, std::int64_t> counts;
  for (const std::string_view piece : pieces(text)) ++counts[piece];
  std::vector<Piece> all;
  for (const auto& [piece, occurs] : counts) {
    std::vector<std::int64_t> tokens;
    for (const char c : piece) tokens.push_back(of_byte[static_cast<unsigned char>(c)]);
    all.push_back({std::move(tokens), occurs});
  }
  PairCounts pairs(std::move(all));
  std::vector<Pair> learnt;
  for (Pair pair; static_cast<std::int64_t>(learnt.size()) < count && pairs.best(pair);) {
    pairs.merge(pair, 256 + static_cast<std::int64_t>(learnt.size()));
    learnt.push_back(pair);
  }
  return learnt;
}

}  // namespace xgrad::data
