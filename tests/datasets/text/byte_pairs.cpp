#include "xgrad/data/byte_pairs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "datasets/files.hpp"
#include "text/byte_pairs.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/state.hpp"

using namespace xgrad;
using data::BytePairs;
using test::error_of;
using test::Folder;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers encoded(const BytePairs& pairs, const std::string& text) {
  return pairs.encode(text).to_vector<std::int64_t>();
}

/// Random text of words that repeat, blanks, digits and signs.
std::string babble(std::uint64_t seed, int size) {
  const std::string alphabet = "aaabbeett  '.1\n";
  std::string text;
  for (int i = 0; i < size; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    text += alphabet[(seed >> 33) % alphabet.size()];
  }
  return text;
}

/// The pairs by the definition: count all, take the best, replace it everywhere.
std::vector<BytePairs::Pair> by_definition(const std::string& text, std::size_t count) {
  std::vector<Numbers> parts;
  const BytePairs bytes;
  for (const auto piece : data::pieces(text)) parts.push_back(encoded(bytes, std::string(piece)));
  std::vector<BytePairs::Pair> learnt;
  while (learnt.size() < count) {
    std::map<BytePairs::Pair, int> counts;
    for (const Numbers& part : parts)
      for (std::size_t k = 0; k + 1 < part.size(); ++k) ++counts[{part[k], part[k + 1]}];
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;
    const auto token = static_cast<std::int64_t>(256 + learnt.size());
    learnt.push_back(best->first);
    for (Numbers& part : parts)
      for (std::size_t k = 0; k + 1 < part.size(); ++k)
        if (BytePairs::Pair(part[k], part[k + 1]) == learnt.back()) {
          part[k] = token;
          part.erase(part.begin() + static_cast<std::ptrdiff_t>(k) + 1);
        }
  }
  return learnt;
}

}  // namespace

TEST_CASE("the pairs of Wikipedia's article on byte-pair encoding are learnt") {
  const auto pairs = BytePairs::train("aaabdaaabac", 1000);

  REQUIRE(pairs.size() == 259);
  CHECK(pairs.token(256) == "aa");
  CHECK(pairs.token(257) == "ab");
  CHECK(pairs.token(258) == "aaab");
  CHECK(encoded(pairs, "aaabdaaabac") == Numbers{258, 67, 258, 64, 66});  // XdXac; a is token 64 of GPT-2
}

TEST_CASE("pairs are those of the definition") {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const std::string text = babble(seed, 3000);
    const auto learnt = BytePairs::train(text, 330);
    const auto expected = by_definition(text, 74);
    const Tensor table = state_dict(learnt).get<Tensor>("pairs");
    REQUIRE(table.shape() == Shape{static_cast<std::int64_t>(expected.size()), 2});
    for (std::size_t k = 0; k < expected.size(); ++k) {
      CHECK(table.data<std::int64_t>()[2 * k] == expected[k].first);
      CHECK(table.data<std::int64_t>()[2 * k + 1] == expected[k].second);
    }
  }
}

TEST_CASE("a text is cut as by GPT-2's regular expression") {
  const std::regex pattern(
      "'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\\sA-Za-z0-9]+|\\s+(?!\\S)|\\s+");
  std::string text = "I'll say: it's  12,50 'twas\n\n  we've ";
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    std::vector<std::string> expected;
    for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
      expected.push_back(i->str());
    const auto parts = data::pieces(text);
    CHECK(std::vector<std::string>(parts.begin(), parts.end()) == expected);
    text = babble(seed, 60);
  }
}

TEST_CASE("any text is decoded to itself, and fewer tokens say it") {
  const std::string learnt_from = babble(3, 5000);
  const auto pairs = BytePairs::train(learnt_from, 400);
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);

  for (const std::string& text :
       {learnt_from, all, std::string("na\xC3\xAFve \xE2\x80\x94 \n\n x"), std::string()})
    CHECK(pairs.decode(pairs.encode(text)) == text);
  CHECK(pairs.encode(learnt_from).numel() < BytePairs().encode(learnt_from).numel() * 3 / 5);
}

TEST_CASE("the file merges.txt gives the numbers of GPT-2") {
  const Folder folder;
  const auto pairs = BytePairs::load(
      folder.write("merges.txt", "#version: 0.2\n\xC4\xA0 t\n\xC4\xA0 a\nh e\n\xC4\xA0t he\n"));

  // As in GPT-2: '!' is 0, ' ' is 220, " t" is 256, " a" is 257, "he" is 258.
  CHECK(encoded(pairs, "! ") == Numbers{0, 220});
  CHECK(encoded(pairs, " the a he") == Numbers{259, 257, 220, 258});
  CHECK(pairs.token(259) == " the");
}

TEST_CASE("pairs are state") {
  const auto saved = BytePairs::train(babble(3, 2000), 300);
  BytePairs loaded;

  load_state_dict(loaded, state_dict(saved));

  CHECK(encoded(loaded, babble(9, 500)) == encoded(saved, babble(9, 500)));
  StateDict state = state_dict(saved);
  for (const Tensor& damaged : {tensor({{0, 256}}), tensor({{-1, 0}}), tensor({0, 1}), zeros({1, 2})}) {
    state.set("pairs", damaged);
    CHECK(error_of([&] {
            load_state_dict(loaded, state);
          }).starts_with("BytePairs: pairs of tokens that are there"));
  }
  CHECK(same(loaded, saved));
  load_state_dict(loaded, state_dict(BytePairs()));
  CHECK(loaded.size() == 256);
}

TEST_CASE("misuses of byte pairs say what to do") {
  const Folder folder;
  const std::string path = folder.write("m", "a b\nab\n"), early = folder.write("e", "a bc\n");
  CHECK(error_of([] { BytePairs::train("a", 255); }) ==
        "BytePairs::train: the size must hold the 256 bytes: it is 255");
  CHECK(error_of([&] { BytePairs::load(path); }) ==
        "BytePairs::load: two tokens with a blank between them are expected, and not \"ab\": line 2 of " +
            path);
  CHECK(error_of([&] { BytePairs::load(early); }) ==
        "BytePairs::load: a pair needs tokens that the lines above it made, and not \"a bc\": line 1 of " +
            early);
  CHECK(error_of([] { BytePairs().decode(tensor({256})); }) ==
        "BytePairs: the number of a token must lie in 0 to 255: it is 256");
}
