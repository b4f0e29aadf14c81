// Tables as they come from the real world.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/state.hpp"
#include "xgrad/data/csv.hpp"
#include "xgrad/data/sets.hpp"

using namespace xgrad;
using data::Categories;
using data::CsvOptions;
using data::Encoding;
using data::Missing;
using test::error_of;
using test::Folder;

namespace {

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

data::TensorDataset read(const std::string& text, CsvOptions options = {}) {
  options.dtype = float64;
  const Folder folder;
  return data::read_csv(folder.write("table.csv", text), options);
}
data::TensorDataset read(const std::string& text, CsvOptions options, Encoding& encoding) {
  options.dtype = float64;
  const Folder folder;
  return data::read_csv(folder.write("table.csv", text), options, encoding);
}
Numbers features(const data::TensorDataset& set) { return set.features().to_vector<double>(); }

std::string error(const std::string& text, const CsvOptions& options) {
  const Folder folder;
  const std::string path = folder.write("table.csv", text);
  std::string message = error_of([&] { data::read_csv(path, options); });
  for (std::size_t at; (at = message.find(path)) != std::string::npos;)
    message.replace(at, path.size(), "FILE");
  return message;
}

}  // namespace

TEST_CASE("UCI's housing.data: columns of runs of blanks, and lines that begin with one") {
  const auto boston = data::boston_housing({.directory = XGRAD_EXAMPLE_DATA, .dtype = float64});
  const Numbers x = features(boston), y = boston.targets().to_vector<double>();
  std::string text;
  char field[32];
  for (std::size_t row = 0; row < y.size(); ++row) {
    for (std::size_t k = 0; k < 13; ++k)
      text += (std::snprintf(field, sizeof field, " %9.5f", x[13 * row + k]), field);
    text += (std::snprintf(field, sizeof field, "  %5.2f\n", y[row]), field);
  }

  const auto set = read(text, {.targets = {-1}, .header = false, .blanks = true});

  CHECK(set.describe() == "f64[506, 13], f64[506, 1]");
  CHECK(features(set) == x);
  CHECK(set.targets().to_vector<double>() == y);
}

TEST_CASE("UCI's auto-mpg.data: blanks, a tab, quotes and question marks") {
  const std::string lines =
      "18.0   8   307.0      130.0      3504.      12.0   70  1\t\"chevrolet chevelle malibu\"\n"
      "25.0   4   98.00      ?          2046.      19.0   71  1\t\"ford pinto\"\n"
      "43.1   4   90.0       48.00      1985.      21.5   78  2\t\"volkswagen rabbit custom diesel\"\n";
  const CsvOptions options{.targets = {0},
                           .ignore = {8},
                           .categories = {7},
                           .header = false,
                           .blanks = true,
                           .missing = Missing::median};

  const auto set = read(lines, options);

  CHECK(features(set) == Numbers{8,  307, 130, 3504, 12, 70, 1,  0,    4,    98, 89, 2046,
                                 19, 71,  1,   0,    4,  90, 48, 1985, 21.5, 78, 0,  1});
  CHECK(set.targets().to_vector<double>() == Numbers{18, 25, 43.1});
  const auto named = read(lines, {.label = 8, .ignore = {3}, .header = false, .blanks = true});
  CHECK(named.names().classes ==
        Texts{"chevrolet chevelle malibu", "ford pinto", "volkswagen rabbit custom diesel"});
}

TEST_CASE("numbers are read in the form that the options say") {
  struct Case {
    std::string text;
    CsvOptions options;
    Numbers values;
  };
  const std::vector<Case> cases{
      {"1 2\t 3 \n\t4  5 6\n", {.header = false, .blanks = true}, {1, 2, 3, 4, 5, 6}},
      {"# by us\n1,2 # first\n\n  # none\n3,4\n", {.header = false, .comment = '#'}, {1, 2, 3, 4}},
      {"1,5;-2\n", {.header = false, .delimiter = ';', .decimal = ','}, {1.5, -2}},
      {"1.234,5;-1.234.567\n",
       {.header = false, .delimiter = ';', .decimal = ',', .thousands = '.'},
       {1234.5, -1234567}},
      {"\"1,234,567.25\",\"-2,000\"\n", {.header = false, .thousands = ','}, {1234567.25, -2000}},
      {"12.5 %,3%\n", {.header = false, .percent = true}, {0.125, 0.03}},
      {"true,FALSE,True\n", {.header = false}, {1, 0, 1}},
      {"1970-01-02,2000-03-01\n", {.dates = {0, 1}, .header = false}, {1, 11017}},
      {"31.12.1969 12:00\n", {.dates = {0}, .header = false, .date_format = "%d.%m.%Y %H:%M"}, {-0.5}},
      {"1\n2\n3\n", {.header = false, .rows = 2}, {1, 2}},
      {"1,9\n-1,-9\n2,9\n",
       {.header = false, .missing = Missing::mean, .missing_values = {"-9"}},
       {1, 9, -1, 9, 2, 9}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(features(read(c.text, c.options)) == c.values);
  }
}

TEST_CASE("numbers read at once are those that are read with care, to the last bit") {
  std::string text;
  Numbers expected;
  std::uint64_t bits = 1;
  for (int i = 0; i < 3000; ++i) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    const double magnitude = std::ldexp(static_cast<double>(bits >> 11), static_cast<int>(bits % 61) - 80);
    char field[64];
    std::snprintf(field, sizeof field, "%s%.*f", i % 2 ? "-" : "", static_cast<int>(bits >> 32) % 12 + 1,
                  magnitude);
    expected.push_back(std::strtod(field, nullptr));
    text += std::string(field) + (i % 3 == 2 ? "\n" : ",");
  }

  CHECK(features(read(text, {.header = false})) == expected);
}

TEST_CASE("rows longer than a buffer, and a buffer that ends anywhere, lose nothing") {
  for (const std::size_t width : {std::size_t{1}, std::size_t{7}, std::size_t{150000}}) {
    std::string text;
    Numbers expected;
    for (std::size_t i = 0; i < 3 * 150000 / width * width; ++i) {
      expected.push_back(static_cast<double>(i % 1000));
      const char* const quote = i % 5 == 0 ? "\"" : "";
      text.append(quote).append(std::to_string(i % 1000)).append(quote);
      text += (i + 1) % width ? "," : i % 3 ? "\r\n" : "\n";
    }
    CHECK(features(read(text, {.header = false})) == expected);
  }
}

TEST_CASE("words become a column each, or a number") {
  const std::string text = "size,colour\n1,red\n2,green\n3,red\n";

  const auto hot = read(text, {.categories = {"colour"}});
  CHECK(features(hot) == Numbers{1, 0, 1, 2, 1, 0, 3, 0, 1});
  CHECK(hot.names().features == Texts{"size", "colour=green", "colour=red"});
  const auto index = read(text, {.categories = {"colour"}, .encode = Categories::index});
  CHECK(features(index) == Numbers{1, 1, 2, 0, 3, 1});
  CHECK(index.names().features == Texts{"size", "colour"});
}

TEST_CASE("an encoding that is fitted to training data is used for other tables, also after it was saved") {
  const CsvOptions options{
      .label = "kind", .categories = {"colour"}, .unknown_as_zero = true, .missing = Missing::mean};
  Encoding fitted;
  read("size,colour,kind\n1,red,b\n2,green,a\n,red,b\n6,,b\n", options, fitted);
  Encoding loaded;
  load_state_dict(loaded, state_dict(fitted));

  for (Encoding* encoding : {&fitted, &loaded}) {
    const auto set = read("size,colour,kind\n9,blue,b\n,,a\n", options, *encoding);
    CHECK(features(set) == Numbers{9, 0, 0, 3, 0, 1});  // mean of 1, 2, 6; red is the most frequent
    CHECK(set.targets().to_vector<double>() == Numbers{1, 0});
    CHECK(set.names().classes == Texts{"a", "b"});
  }
}

TEST_CASE("missing values are filled by what the training data says") {
  const std::string text = "1\n?\n3\n3\n9\n";
  const std::vector<std::pair<Missing, double>> cases{
      {Missing::mean, 4}, {Missing::median, 3}, {Missing::most_frequent, 3}, {Missing::fill, 7}};
  for (const auto& [missing, value] : cases)
    CHECK(features(read(text, {.header = false, .missing = missing, .fill = 7})) ==
          Numbers{1, value, 3, 3, 9});
  CHECK(features(read("4\n?\n1\n", {.header = false, .missing = Missing::median})) == Numbers{4, 2.5, 1});
  CHECK(features(read("4\n?\n1\n", {.header = false, .missing = Missing::most_frequent})) ==
        Numbers{4, 1, 1});
}

TEST_CASE("several faults are listed, up to ten") {
  CHECK(error("x,y\n1,a\n2\n3,4\n,5\n", {}) ==
        "read_csv: there are 3 faults; correct them or change the options:\n"
        "  line 2, column 2 (y): needs a finite number of f32 and not \"a\"\n"
        "  line 3, column 1: 1 fields instead of 2\n"
        "  line 5, column 1 (x): a value is missing; the option .missing says what to do then\n"
        ": in FILE");
  std::string many = "x\n";
  for (int i = 0; i < 12; ++i) many += "a\n";
  const std::string message = error(many, {});
  CHECK(message.starts_with(
      "read_csv: there are more than 10 faults; correct them or change the options:\n  line 2, "));
  CHECK(message.find("line 11,") != std::string::npos);
  CHECK(message.find("line 12,") == std::string::npos);
}

TEST_CASE("what does not fit is named by its place") {
  const CsvOptions date{.dates = {"d"}}, number{.delimiter = ';', .decimal = ','};
  CHECK(error("d\n1970-02-30\n", date) ==
        "read_csv: needs a date of the form %Y-%m-%d and not \"1970-02-30\": line 2, column 1 (d) of FILE");
  CHECK(error("d\n1970-02-03 12\n", date).find("not \"1970-02-03 12\"") != std::string::npos);
  CHECK(error("a;b\n1.5;2\n", number) ==
        "read_csv: needs a finite number of f32 and not \"1.5\": line 2, column 1 (a) of FILE");
  CHECK(error("a,b\n1,2\n", {.label = "a", .categories = {"a"}}) ==
        "read_csv: column 1 is named as a category or a date but is no feature; name it once: FILE");
  CHECK(error("a,b\n1,2\n", {.categories = {"a"}, .dates = {"a"}}) ==
        "read_csv: column 1 is named twice in the options; name it once: FILE");
  CHECK(error("a\n?\n", {.missing = Missing::mean}) ==
        "read_csv: column 1 has no value at all that could fill those which are missing; name it in .ignore: "
        "FILE");
  CHECK(error("a\n1\n", {.decimal = ','}) ==
        "read_csv: the decimal character must differ from the delimiter and from that of thousands: it is "
        "\",\"");
  CHECK(error("a\n1\n", {.comment = '"'}) ==
        "read_csv: the comment character must differ from delimiter, quote and the ends of lines: it is "
        "\"\"\"");
  CHECK(error("a\n1\n", {.rows = -1}) == "read_csv: rows must not be negative: they are -1");
}

TEST_CASE("a table that the encoding does not fit is an error") {
  const Folder folder;
  const auto message = [&](const std::string& text, const CsvOptions& options, Encoding encoding) {
    const std::string path = folder.write("table.csv", text);
    std::string m = error_of([&] { data::read_csv(path, options, encoding); });
    if (const auto at = m.find(path); at != std::string::npos) m.replace(at, path.size(), "FILE");
    return m;
  };
  Encoding words, integers;
  read("c,k\nred,b\n", {.label = "k", .categories = {"c"}}, words);
  read("c,k\nred,1\n", {.label = "k", .categories = {"c"}}, integers);
  const CsvOptions options{.label = "k", .categories = {"c"}};

  CHECK(message("c,k\nblue,b\n", options, words) ==
        "read_csv: the training data has no category \"blue\"; allow it by .unknown_as_zero: line 2, column "
        "1 (c) of "
        "FILE");
  CHECK(message("c,k\nred,z\n", options, words) ==
        "read_csv: needs a class of the training data and not \"z\": line 2, column 2 (k) of FILE");
  CHECK(message("c,k\nred,z\n", options, integers) ==
        "read_csv: needs an integer, as in the training data, and not \"z\": line 2, column 2 (k) of FILE");
  CHECK(message("c,d,k\nred,1,b\n", options, words) ==
        "read_csv: the encoding was fitted to a table of 1 columns of features, and this one has 2; fit a "
        "new one: "
        "FILE");
}

TEST_CASE("a damaged state of an encoding is an error that changes nothing") {
  Encoding encoding;
  read("c\nred\n", {.categories = {"c"}}, encoding);
  const StateDict before = state_dict(encoding);
  const std::vector<std::pair<const char*, StateValue>> damages{{"words", std::string("2;3:red")},
                                                                {"words", std::string("1;9:red0;")},
                                                                {"words", std::string()},
                                                                {"fill", zeros({2}, float64)},
                                                                {"fill", Tensor()},
                                                                {"fill", zeros({1})}};
  for (const auto& [name, value] : damages) {
    StateDict state = before;
    state.set(name, value);
    CHECK(error_of([&] {
            load_state_dict(encoding, state);
          }).starts_with("Encoding: lists of words and a number"));
    CHECK(same(encoding, before));
  }
  CHECK_FALSE(Encoding().fitted());
  Encoding empty;
  load_state_dict(encoding, state_dict(empty));
  CHECK_FALSE(encoding.fitted());
}
