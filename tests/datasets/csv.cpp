#include "xgrad/data/csv.hpp"

#include <doctest/doctest.h>

#include <clocale>
#include <cmath>

#include "files.hpp"

using namespace xgrad;
using data::CsvOptions;
using data::Missing;
using test::Folder;

namespace {

using Numbers = std::vector<float>;
using Texts = std::vector<std::string>;

data::TensorDataset read(const std::string& text, const CsvOptions& options = {}) {
  const Folder folder;
  return data::read_csv(folder.write("table.csv", text), options);
}

Numbers numbers(const std::string& text, const CsvOptions& options = {.header = false}) {
  return read(text, options).features().to_vector<float>();
}

}  // namespace

TEST_CASE("a table with a header gives features and their names") {
  const auto set = read("a,b,c\n1,2,3\n4,5,6\n");

  CHECK(set.describe() == "f32[2, 3]");
  CHECK(set.features().to_vector<float>() == Numbers{1, 2, 3, 4, 5, 6});
  CHECK(set.names().features == Texts{"a", "b", "c"});
}

TEST_CASE("a table without a header has no names") {
  const auto set = read("1,2\n3,4\n", {.header = false});

  CHECK(set.features().to_vector<float>() == Numbers{1, 2, 3, 4});
  CHECK(set.names().features.empty());
}

TEST_CASE("text labels become classes in alphabetical order") {
  const auto set = read("x,kind\n1,setosa\n2,iris\n3,setosa\n", {.label = "kind"});

  CHECK(set.describe() == "f32[3, 1], i64[3]");
  CHECK(set.targets().to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 0, 1});
  CHECK(set.names().classes == Texts{"iris", "setosa"});
}

TEST_CASE("integer labels stay as they are") {
  const auto set = read("1,7\n2,-1\n", {.label = -1, .header = false});

  CHECK(set.targets().to_vector<std::int64_t>() == std::vector<std::int64_t>{7, -1});
  CHECK(set.names().classes.empty());
}

TEST_CASE("targets are columns of numbers") {
  const auto set = read("a,b,c\n1,2,3\n4,5,6\n", {.targets = {"c", "a"}, .dtype = float64});

  CHECK(set.describe() == "f64[2, 1], f64[2, 2]");
  CHECK(set.features().to_vector<float>() == Numbers{2, 5});
  CHECK(set.targets().to_vector<float>() == Numbers{3, 1, 6, 4});
  CHECK(set.names().targets == Texts{"c", "a"});
}

TEST_CASE("features come in the order that they are named in") {
  const auto set = read("a,b,c\n1,2,3\n", {.features = {2, "a"}});

  CHECK(set.features().to_vector<float>() == Numbers{3, 1});
  CHECK(set.names().features == Texts{"c", "a"});
}

TEST_CASE("ignored columns may hold anything") {
  CHECK(numbers("name,x\nJohn,1\n,2\n", {.ignore = {"name"}}) == Numbers{1, 2});
}

TEST_CASE("a column may have an empty name") {
  const auto set = read(",x\nfirst,1\nsecond,2\n", {.ignore = {""}});

  CHECK(set.names().features == Texts{"x"});
  CHECK(set.features().to_vector<float>() == Numbers{1, 2});
}

TEST_CASE("lines before the table are left out, whatever they hold") {
  CHECK(numbers("made by \"someone\nx,y\n1,2\n", {.skip_lines = 1}) == Numbers{1, 2});
}

TEST_CASE("quoted fields hold delimiters, doubled quotes and line ends") {
  const auto set = read("x,text\n1,\"a, b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\"two\r\nlines\"\n",
                        {.label = "text"});

  CHECK(set.names().classes == Texts{"a, b", "say \"hi\"", "two\nlines"});
  CHECK(set.targets().to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 1, 2, 2});
}

TEST_CASE("quoted numbers are numbers") { CHECK(numbers("\"1\",\" 2.5 \"\n") == Numbers{1, 2.5}); }

TEST_CASE("a quote inside an unquoted field is a character") {
  CHECK(read("1,5'10\"\n", {.label = 1, .header = false}).names().classes == Texts{"5'10\""});
}

TEST_CASE("blanks around a field are left out, also around quotes") {
  CHECK(numbers(" 1 ,\t2\t, \"3\" \n") == Numbers{1, 2, 3});
}

TEST_CASE("lines end in LF, CR LF or CR, and the last one may have no end") {
  CHECK(numbers("1,2\n3,4") == Numbers{1, 2, 3, 4});
  CHECK(numbers("1,2\r\n3,4\r\n") == Numbers{1, 2, 3, 4});
  CHECK(numbers("1,2\r3,4\r") == Numbers{1, 2, 3, 4});
}

TEST_CASE("empty lines are left out") { CHECK(numbers("\n1,2\n\n  \r\n3,4\n\n\n") == Numbers{1, 2, 3, 4}); }

TEST_CASE("other delimiters and quotes") {
  CHECK(numbers("1;'2'\n", {.header = false, .delimiter = ';', .quote = '\''}) == Numbers{1, 2});
  CHECK(numbers("1\t 2\n", {.header = false, .delimiter = '\t'}) == Numbers{1, 2});
}

TEST_CASE("the mark that some programs put before UTF-8 is not part of the first name") {
  CHECK(read("\xEF\xBB\xBFx,y\n1,2\n").names().features == Texts{"x", "y"});
}

TEST_CASE("numbers in every common form") {
  CHECK(numbers("1,-2,+3,.5,5.,1e3,-1.5E-2,0x\n", {.features = {0, 1, 2, 3, 4, 5, 6}, .header = false}) ==
        Numbers{1, -2, 3, 0.5, 5, 1000, -0.015f});
}

TEST_CASE("numbers are read to the last bit") {
  const auto set = read("0.1,2.2250738585072011e-308,1e-400,4.9e-324\n", {.header = false, .dtype = float64});

  CHECK(set.features().to_vector<double>() ==
        std::vector<double>{0.1, 0x0.fffffffffffffp-1022, 0, 0x1p-1074});
}

TEST_CASE("numbers do not depend on the locale") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, name);
  const Numbers read = numbers("1.5,2.25\n");
  std::setlocale(LC_ALL, before.c_str());

  CHECK(read == Numbers{1.5, 2.25});
}

TEST_CASE("rows with missing values can be dropped") {
  const auto set =
      read("x,y,kind\n1,2,a\n,3,b\n4,NA,a\n5,6,\n7,8,c\n", {.label = "kind", .missing = Missing::drop_row});

  CHECK(set.features().to_vector<float>() == Numbers{1, 2, 7, 8});
  CHECK(set.names().classes == Texts{"a", "c"});
}

TEST_CASE("missing values can become nan") {
  const Numbers read = numbers("1,?\nnull,4\n", {.header = false, .missing = Missing::nan});

  CHECK(read[0] == 1);
  CHECK(std::isnan(read[1]));
  CHECK(std::isnan(read[2]));
  CHECK(read[3] == 4);
}

TEST_CASE("missing values can be filled") {
  CHECK(numbers("1,\n,4\n", {.header = false, .missing = Missing::fill, .fill = -1}) ==
        Numbers{1, -1, -1, 4});
}

TEST_CASE("what counts as missing can be chosen, numbers too") {
  const CsvOptions options{
      .header = false, .missing = Missing::fill, .fill = 0, .missing_values = {"-999", "unknown"}};

  CHECK(numbers("-999,2\nunknown,-99\n", options) == Numbers{0, 2, 0, -99});
}

TEST_CASE("fields and rows longer than any buffer") {
  const std::string blanks(200'000, ' ');
  std::string wide;
  for (int i = 0; i < 100'000; ++i) wide += "1,";

  CHECK(numbers("1," + blanks + "2\n") == Numbers{1, 2});
  CHECK(numbers(wide + "1\n").size() == 100'001);
  CHECK(read("1," + std::string(200'000, 'x'), {.label = 1, .header = false}).names().classes[0].size() ==
        200'000);
}

TEST_CASE("a table compressed by gzip reads the same") {
  std::string text = "x,y\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + ",0.5\n";
  const Folder folder;

  const auto plain = data::read_csv(folder.write("table.csv", text));
  const auto packed = data::read_csv(folder.write("table.csv.gz", test::compressed(text)));

  CHECK(plain.size() == 50'000);
  CHECK(packed.features().to_vector<float>() == plain.features().to_vector<float>());
}
