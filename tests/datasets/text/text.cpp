// Tokens, vocabularies, and what a language model learns from.

#include "xgrad/data/text.hpp"

#include <doctest/doctest.h>

#include "datasets/files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/state.hpp"
#include "xgrad/data/stages.hpp"
#include "xgrad/data/vocabulary.hpp"

using namespace xgrad;
using data::Vocabulary;
using test::error_of;
using test::Folder;

namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a text is cut into characters and words") {
  CHECK(data::characters("a\xC3\xA9\xE2\x80\x94\xF0\x9F\x90\x8B.") ==
        Texts{"a", "\xC3\xA9", "\xE2\x80\x94", "\xF0\x9F\x90\x8B", "."});
  CHECK(data::characters("").empty());
  CHECK(data::words("Call me Ishmael.  Don't, 'tis 40x\n\tna\xC3\xAFve--") ==
        Texts{"Call", "me", "Ishmael", ".", "Don't", ",", "'", "tis", "40x", "na\xC3\xAFve", "-", "-"});
}

TEST_CASE("bytes that are no UTF-8 are named") {
  for (const char* bytes :
       {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    const std::string message = error_of([&] { data::characters(std::string("ab") + bytes); });
    CHECK(message == "characters: the text must be UTF-8: byte 2 is not");
  }
  const Folder folder;
  const std::string path = folder.write("text", "one\ntwo \xFF\n");
  CHECK(error_of([&] { data::read_text(path); }) ==
        "read_text: the text is not UTF-8; save it as UTF-8: line 2, byte 5 of " + path);
  CHECK(data::read_text(folder.write("good", test::compressed("one\n\xC3\xA9"))) == "one\n\xC3\xA9");
}

TEST_CASE("a vocabulary numbers the tokens of a text in alphabetical order, behind special ones") {
  const Vocabulary v(Texts{"b", "a", "c", "b", "<p>"}, {.special = {"<p>", "<u>"}, .unknown = "<u>"});

  CHECK(v.tokens() == Texts{"<p>", "<u>", "a", "b", "c"});
  CHECK(v.encode({"c", "z", "a"}).to_vector<std::int64_t>() == Numbers{4, 1, 2});
  CHECK(v.decode(v.encode({"c", "a"}), "-") == "c-a");
  CHECK(v.contains("a"));
  CHECK_FALSE(v.contains("z"));
}

TEST_CASE("a vocabulary may keep the most frequent tokens only") {
  const Texts text{"a", "b", "b", "c", "c", "c", "d", "d"};

  CHECK(Vocabulary(text, {.min_frequency = 2}).tokens() == Texts{"b", "c", "d"});
  CHECK(Vocabulary(text, {.special = {"?"}, .max_size = 3}).tokens() == Texts{"?", "b", "c"});
}

TEST_CASE("a vocabulary is state") {
  const Vocabulary saved(Texts{"a:b", "", "c;3"}, {.special = {"?"}, .unknown = "?"});
  Vocabulary loaded;

  load_state_dict(loaded, state_dict(saved));

  CHECK(loaded.tokens() == saved.tokens());
  CHECK(loaded.number("zz") == 0);
  CHECK(loaded.number("c;3") == saved.number("c;3"));
  StateDict state = state_dict(saved);
  for (const char* damaged : {"", "1;", "2;1:a1:a", "1;1:a1;1:b"}) {
    state.set("tokens", std::string(damaged));
    CHECK(error_of([&] {
            load_state_dict(loaded, state);
          }).starts_with("Vocabulary: a list of different tokens"));
  }
  CHECK(same(loaded, saved));
}

TEST_CASE("misuses of a vocabulary say what to do") {
  const Vocabulary v(Texts{"a"});
  CHECK(error_of([&] { v.encode({"q"}); }) ==
        "Vocabulary: a token that is not there needs an unknown one, an option of the vocabulary: \"q\" of 1 "
        "tokens");
  CHECK(error_of([&] { v.decode(tensor({1})); }) ==
        "Vocabulary: the number of a token must lie in 0 to 0: it is 1");
  CHECK(error_of([] { Vocabulary(Texts{}, {.unknown = "?"}); }) ==
        "Vocabulary: the unknown token must be one of the special ones: it is \"?\"");
  CHECK(error_of([] {
          Vocabulary(Texts{}, {.special = {"?", "?"}});
        }) == "Vocabulary: special tokens must differ: twice there is \"?\"");
  CHECK(error_of([] {
          Vocabulary(Texts{}, {.special = {"?", "!"}, .max_size = 1});
        }) == "Vocabulary: max_size must hold the special tokens: it is 1 for 2");
}

TEST_CASE("a text file is a source of lines, which a batch fills up") {
  const Folder folder;
  const std::string path = folder.write("names", "ann\n\nbo\r\nc");
  const Vocabulary letters(data::characters("abcno"), {.special = {"_"}});
  const auto lines =
      data::text_source(path, [&](std::string_view line) { return letters.encode(data::characters(line)); });

  const data::Batch batch = *(lines | data::batch(3, {.padding = 0})).begin();

  CHECK(batch[0].describe() == "i64[3, 3]");
  CHECK(batch[0].to_vector<std::int64_t>() == Numbers{1, 4, 4, 2, 5, 0, 3, 0, 0});
  CHECK(batch[1].to_vector<std::int64_t>() == Numbers{3, 2, 1});
}

TEST_CASE("lines longer than a buffer are whole") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 5; ++i) text += std::string(70000, static_cast<char>('a' + i)) + "\n";
  const auto sizes = data::text_source(folder.write("long", text), [](std::string_view line) {
    CHECK(line == std::string(70000, line[0]));
    return full({}, static_cast<std::int64_t>(line.size()));
  });

  int count = 0;
  for (const auto& row : sizes) count += row[0].item<std::int64_t>() == 70000;
  CHECK(count == 5);
}

TEST_CASE("windows for a language model are tokens and those that follow them") {
  const auto all = [](const data::Pipeline& windows) {
    Numbers numbers;
    for (const auto& [x, y] : windows) {
      for (const auto i : x.to_vector<std::int64_t>()) numbers.push_back(i);
      for (const auto i : y.to_vector<std::int64_t>()) numbers.push_back(i);
    }
    return numbers;
  };
  CHECK(all(data::language_windows(arange(8), 3)) == Numbers{0, 1, 2, 1, 2, 3, 3, 4, 5, 4, 5, 6});
  CHECK(all(data::language_windows(arange(4), 2, {.stride = 1})) == Numbers{0, 1, 1, 2, 1, 2, 2, 3});
  CHECK(data::language_windows(arange(7), 3).size() == 2);
  CHECK(data::language_windows(arange(6), 3).size() == 1);
  CHECK(error_of([] { data::language_windows(arange(3), 3); }) ==
        "language_windows: more token numbers than the length are needed, int64 of one axis: they are i64[3] "
        "for "
        "length 3");
  CHECK(error_of([] { data::language_windows(arange(3), 0); }) ==
        "language_windows: length and stride must be at least 1: they are 0 and 0");
}
