#include <doctest/doctest.h>

#include "files.hpp"
#include "xgrad/data/csv.hpp"

using namespace xgrad;
using data::CsvOptions;
using data::Missing;
using test::Folder;

namespace {

// The message with FILE for the path of the file.
std::string error(const std::string& bytes, const CsvOptions& options = {}) {
  const Folder folder;
  const std::string path = folder.write("table.csv", bytes);
  std::string message = test::error_of([&] { data::read_csv(path, options); });
  if (const auto at = message.find(path); at != std::string::npos) message.replace(at, path.size(), "FILE");
  return message;
}

const CsvOptions plain = {.header = false};

}  // namespace

TEST_CASE("a field that is no number is named by line, column and header") {
  CHECK(error("x,width\n1,2\n\n3,abc\n") ==
        "read_csv: needs a finite number of f32 and not \"abc\": line 4, column 2 (width) of FILE");
  CHECK(error("1,2x\n", plain) ==
        "read_csv: needs a finite number of f32 and not \"2x\": line 1, column 2 of FILE");
  CHECK(error("1,+-2\n", plain) ==
        "read_csv: needs a finite number of f32 and not \"+-2\": line 1, column 2 of FILE");
  CHECK(error("1,inf\n", plain) ==
        "read_csv: needs a finite number of f32 and not \"inf\": line 1, column 2 of FILE");
}

TEST_CASE("lines are counted through quoted fields") {
  CHECK(error("\"a\n\nb\",1\nc,d\n", {.label = 0, .header = false}) ==
        "read_csv: needs a finite number of f32 and not \"d\": line 4, column 2 of FILE");
}

TEST_CASE("a number too large for the dtype is not made infinite") {
  CHECK(error("1e39\n", plain) ==
        "read_csv: needs a finite number of f32 and not \"1e39\": line 1, column 1 of FILE");
  CHECK(error("1e39\n", {.header = false, .dtype = float64}).empty());
  CHECK(error("1e999\n", {.header = false, .dtype = float64}) ==
        "read_csv: needs a finite number of f64 and not \"1e999\": line 1, column 1 of FILE");
}

TEST_CASE("long fields and control characters are shown short and clean") {
  CHECK(error("a\x01" + std::string(100, 'b') + "\n", plain) ==
        "read_csv: needs a finite number of f32 and not \"a?" + std::string(38, 'b') +
            "...\": line 1, column 1 of FILE");
}

TEST_CASE("control characters in a header are not shown") {
  CHECK(error(std::string("x,a\0b\n1,2\n", 10), {.label = "c"}) ==
        "read_csv: there is no column \"c\"; there are x, a?b: FILE");
  CHECK(error(std::string("x,a\0b\n1,y\n", 10)) ==
        "read_csv: needs a finite number of f32 and not \"y\": line 2, column 2 (a?b) of FILE");
}

TEST_CASE("rows of different length") {
  CHECK(error("a,b,c\n1,2,3\n1,2\n") == "read_csv: 2 fields instead of 3: line 3, column 2 of FILE");
  CHECK(error("1,2\n1,2,3\n", plain) == "read_csv: 3 fields instead of 2: line 2, column 2 of FILE");
}

TEST_CASE("missing values without a policy") {
  CHECK(
      error("x,y\n1,\n") ==
      "read_csv: a value is missing; the option .missing says what to do then: line 2, column 2 (y) of FILE");
}

TEST_CASE("a label or a target that is missing cannot be filled") {
  CHECK(
      error("x,y\n1,\n", {.label = "y", .missing = Missing::fill}) ==
      "read_csv: a value is missing; the option .missing says what to do then: line 2, column 2 (y) of FILE");
  CHECK(
      error("x,y\n1,\n", {.targets = {"y"}, .missing = Missing::nan}) ==
      "read_csv: a value is missing; the option .missing says what to do then: line 2, column 2 (y) of FILE");
}

TEST_CASE("no row is left after dropping") {
  CHECK(error("x\n?\n", {.missing = Missing::drop_row}) ==
        "read_csv: every row misses a value and was dropped; take Missing::nan or Missing::fill: FILE");
}

TEST_CASE("quoted fields that are malformed") {
  CHECK(error("1,\"2\n3,4\n", plain) ==
        "read_csv: a quoted field does not end; close it by a quote: line 1, column 2 of FILE");
  CHECK(error("1,2\n3,\"4\" x\n", plain) ==
        "read_csv: text follows a quoted field; double the quotes that are part of it: line 2, column 2 of "
        "FILE");
}

TEST_CASE("files without rows") {
  CHECK(error("") == "read_csv: the file is empty: FILE");
  CHECK(error("\n\n") == "read_csv: the file is empty: FILE");
  CHECK(error("x,y\n") == "read_csv: no row follows the header: FILE");
  CHECK(error("x,y\n1,2\n", {.skip_lines = 2}) == "read_csv: the file is empty: FILE");
  CHECK(
      error("x,y\n1,2\n", {.skip_lines = 9}) ==
      "read_csv: the file ends before the table: it has 2 lines, and skip_lines is 9; leave fewer out: FILE");
  CHECK(error("x,y\n1,2", {.skip_lines = INT64_MAX}) ==
        "read_csv: the file ends before the table: it has 2 lines, and skip_lines is 9223372036854775807; "
        "leave "
        "fewer out: FILE");
  CHECK(error("x,y\n1,2\n", {.skip_lines = -1}) ==
        "read_csv: skip_lines must not be negative: it is -1: FILE");
}

TEST_CASE("a header that is none") {
  CHECK(error("1,2\n3,4\n") ==
        "read_csv: the header holds numbers; read a table that has none with .header = false: line 1, column "
        "1 of FILE");
}

TEST_CASE("columns that are not there") {
  CHECK(error("a,b\n1,2\n", {.label = "c"}) == "read_csv: there is no column \"c\"; there are a, b: FILE");
  CHECK(error("a,b\n1,2\n", {.label = 2}) == "read_csv: there is no column 2; columns are -2 to 1: FILE");
  CHECK(error("a,b\n1,2\n", {.ignore = {-3}}) ==
        "read_csv: there is no column -3; columns are -2 to 1: FILE");
  CHECK(error("1,2\n", {.label = "c", .header = false}) ==
        "read_csv: columns without a header need numbers and not names: \"c\": FILE");
}

TEST_CASE("columns that are named wrongly") {
  CHECK(error("a,a\n1,2\n", {.label = "a"}) ==
        "read_csv: more than one column is called \"a\"; say its number: FILE");
  CHECK(error("a,b\n1,2\n", {.label = "a", .ignore = {0}}) ==
        "read_csv: column 1 is named twice in the options; name it once: FILE");
  CHECK(error("a,b\n1,2\n", {.ignore = {0, 1}}) ==
        "read_csv: no column is left for the features; name fewer in the options: FILE");
}

TEST_CASE("options that contradict each other") {
  CHECK(error("a\n1\n", {.delimiter = '"'}) ==
        "read_csv: delimiter and quote must differ from each other and from the ends of lines: they are "
        "\"\"\" and "
        "\"\"\"");
  CHECK(error("a\n1\n", {.dtype = int64}) == "read_csv: the dtype must be float32 or float64: it is i64");
  CHECK(error("a,b\n1,2\n", {.label = "a", .targets = {"b"}}) ==
        "read_csv: a table must not have both a label and targets: both are given");
}

TEST_CASE("text in UTF-16") {
  CHECK(error(std::string("\xFF\xFE"
                          "1\0\n\0",
                          6)) == "read_csv: the text is UTF-16; save it as UTF-8: FILE");
}

TEST_CASE("a file that is not there") {
  CHECK(test::error_of([] { data::read_csv("/no/such/file.csv"); }) ==
        "read_csv: the file cannot be opened (No such file or directory): /no/such/file.csv");
}

TEST_CASE("a directory is not a file") {
  const Folder folder;

  CHECK(test::error_of([&] { data::read_csv(folder.path()); }) ==
        "read_csv: this is a directory and not a file: " + folder.path());
}

TEST_CASE("a file that cannot be read") {
  CHECK(test::error_of([] { data::read_csv("/proc/self/mem"); }) ==
        "read_csv: the file cannot be read (Input/output error): /proc/self/mem");
}

TEST_CASE("a compressed file that ends early") {
  std::string text = "x,y\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * i) + ",0.5\n";
  const std::string whole = test::compressed(text);

  for (const std::size_t n : {std::size_t{5}, std::size_t{12}, whole.size() / 2, whole.size() - 1})
    CHECK(error(whole.substr(0, n)) == "read_csv: the compressed data ends early; get the file again: FILE");
}

TEST_CASE("a compressed file that is damaged") {
  std::string bytes = test::compressed("x,y\n1,2\n3,4\n");
  bytes[bytes.size() - 6] ^= 1;  // in the checksum

  CHECK(error(bytes) ==
        "read_csv: the compressed data is damaged (incorrect data check); get the file again: FILE");
}
