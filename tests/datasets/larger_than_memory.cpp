// CSV and IDX files that are gone through without being read into memory.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "files.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/data/csv_source.hpp"
#include "xgrad/data/idx.hpp"
#include "xgrad/data/idx_source.hpp"
#include "xgrad/data/stages.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

using Numbers = std::vector<double>;

/// All numbers of a pass, tensor by tensor.
Numbers pass(const data::Pipeline& pipeline) {
  Numbers all;
  for (const auto& batch : pipeline)
    for (const Tensor& t : batch.tensors())
      for (const double x : t.to_vector<double>()) all.push_back(x);
  return all;
}

// A sanitizer keeps what is freed for a while, and shadows of all of it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// Bytes of memory that are this process's own, without those of mapped files.
std::int64_t own_memory() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (word == "RssAnon:") {
      std::int64_t kilobytes = 0;
      in >> kilobytes;
      return kilobytes * 1024;
    }
  return -1;
}

/// How large the files are: 24 MB, or what XGRAD_TEST_FILE_MB says.
std::int64_t file_size() {
  const char* const size = std::getenv("XGRAD_TEST_FILE_MB");
  return (size ? std::atoll(size) : 24) * 1000 * 1000;
}

/// The most memory that a pass takes above what there is before it, and the number of its rows.
std::pair<std::int64_t, std::int64_t> memory_of(const data::Pipeline& batches) {
  const std::int64_t before = own_memory();
  std::int64_t most = 0, rows = 0;
  for (const auto& batch : batches) {
    rows += batch[0].shape()[0];
    most = std::max(most, own_memory() - before);
  }
  return {most, rows};
}

const std::string table = "x,y,kind\n1,2,7\n\n3,4,8\n\"5\",6,9\r\n7,8,10\n";

std::string idx(unsigned char type, std::initializer_list<unsigned> sizes, const std::string& elements) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const unsigned size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  return bytes + elements;
}

}  // namespace

TEST_CASE("a table is delivered row by row, in blocks, and by index") {
  const Folder folder;
  const std::string path = folder.write("table.csv", table);
  const data::CsvOptions options{.label = "kind"};
  const Numbers rows{1, 2, 7, 3, 4, 8, 5, 6, 9, 7, 8, 10};
  const auto reversed = data::Sampler{[](std::int64_t n) { return n; },
                                      [](std::int64_t n, const Generator&) { return arange(n - 1, -1, -1); }};

  CHECK(pass(data::csv_source(path, options)) == rows);
  CHECK(pass(data::csv_source(path, options, {}, {.batch = 3})) ==
        Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 7, 8, 10});
  const auto indexed = data::csv_source(path, options, {}, {.indexed = true});
  CHECK(indexed.size() == 4);
  CHECK(pass(indexed) == rows);
  CHECK(pass(indexed | data::sample(reversed)) == Numbers{7, 8, 10, 5, 6, 9, 3, 4, 8, 1, 2, 7});
  CHECK(pass(indexed | data::batch(2)) == Numbers{1, 2, 3, 4, 7, 8, 5, 6, 7, 8, 9, 10});
  data::CsvOptions first = options;
  first.rows = 2;
  CHECK(pass(data::csv_source(path, first)) == Numbers{1, 2, 7, 3, 4, 8});
  CHECK(pass(data::csv_source(path, first, {}, {.indexed = true})) == Numbers{1, 2, 7, 3, 4, 8});
}

TEST_CASE("every row of a long table is found by its index") {
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i)
    text += std::to_string(i) + (i % 7 ? "," : ",\"") + std::to_string(2 * i) + (i % 7 ? "\n" : "\"\n\n");
  const Folder folder;
  const std::string path = folder.write("table.csv", text);

  const auto indexed = data::csv_source(path, {}, {}, {.indexed = true});

  CHECK(pass(indexed | data::batch(100)) == data::read_csv(path).features().to_vector<double>());
  CHECK(pass(indexed | data::shuffle() | data::batch(64) | data::prefetch(2)).size() == 10000);
}

TEST_CASE("words and fills of a streamed table come from an encoding") {
  const Folder folder;
  const std::string path = folder.write("table.csv", "c,x\nred,1\nblue,\nred,5\n");
  const data::CsvOptions options{.categories = {"c"}, .missing = data::Missing::mean};
  data::Encoding encoding;
  const auto set = data::read_csv(path, options, encoding);

  CHECK(pass(data::csv_source(path, options, encoding)) == set.features().to_vector<double>());
  CHECK(pass(data::csv_source(path, options, encoding, {.indexed = true})) ==
        set.features().to_vector<double>());
}

TEST_CASE("a table of many megabytes is gone through in a few") {
  REQUIRE(own_memory() > 0);
  const Folder folder;
  const std::string path = folder.path("large.csv");
  std::int64_t rows = 0;
  {
    std::ofstream out(path);
    std::string block;
    for (int i = 0; i < 1000; ++i) block += "0.123456,-1.234567,12.345678,123.456789,-0.000001,1,2,3\n";
    for (std::int64_t size = 0; size < file_size();
         size += static_cast<std::int64_t>(block.size()), rows += 1000)
      out << block;
  }
  const data::CsvOptions options{.targets = {-1}, .header = false};

  const auto [streamed, count] = memory_of(data::csv_source(path, options, {}, {.batch = 1000}));
  CHECK(count == rows);
  if (!sanitized) CHECK(streamed < file_size() / 4);
  const auto indexed = data::csv_source(path, options, {}, {.indexed = true});
  const auto [mapped, again] = memory_of(indexed | data::shuffle() | data::batch(1000));
  CHECK(again == rows);
  if (!sanitized) CHECK(mapped < file_size() / 4);
}

TEST_CASE("rows of IDX files are those of read_idx, mapped") {
  const Folder folder;
  const std::string images = folder.write("images", idx(8, {3, 2, 2}, "abcdefghijkl"));
  const std::string labels = folder.write("labels", idx(8, {3}, std::string("\x07\xff\x01")));
  const std::string halves = folder.write("halves", idx(0xB, {2, 1}, std::string("\xff\xfe\x01\x02")));

  const auto set = data::idx_source({{images, float32}, {labels}});

  CHECK(set.size() == 3);
  CHECK(pass(set) == Numbers{97, 98, 99, 100, 7, 101, 102, 103, 104, 255, 105, 106, 107, 108, 1});
  const auto it = (set | data::batch(2)).begin();
  CHECK((*it)[0].describe() == "f32[2, 2, 2]");
  CHECK((*it)[1].describe() == "i64[2]");
  CHECK((*it)[0].to_vector<float>() == data::read_idx(images, float32).slice(0, 0, 2).to_vector<float>());
  CHECK(pass(data::idx_source({{halves}})) == Numbers{-2, 258});
}

TEST_CASE("an IDX file of many megabytes is gone through in a few, by several workers and shuffled") {
  const Folder folder;
  const auto rows = static_cast<unsigned>(file_size() / 1000);
  const std::string path =
      folder.write("large", idx(8, {rows, 1000}, std::string(std::size_t{rows} * 1000, 'x')));

  const auto [most, count] =
      memory_of(data::idx_source({{path, float32}}) | data::shuffle() | data::batch(100) | data::prefetch(2));

  CHECK(count == rows);
  if (!sanitized) CHECK(most < file_size() / 3);
}

TEST_CASE("what cannot be streamed says what to do") {
  const Folder folder;
  const std::string path = folder.write("t.csv", "x,y\n1,2\n3,oops\n"),
                    packed = folder.write("t.gz", test::compressed("x\n1\n"));
  const std::string images = folder.write("images", idx(8, {3, 2}, "abcdef"));
  const std::string more = folder.write("more", idx(8, {3, 2}, "abcdefg")),
                    two = folder.write("two", idx(8, {2}, "ab"));
  const std::string zipped = folder.write("zipped", test::compressed(idx(8, {1}, "a"))),
                    one = folder.write("one", idx(8, {}, "a"));
  const auto says = [&](auto f, const std::string& message) {
    std::string m = error_of(f);
    for (std::size_t at; (at = m.find(folder.path() + "/")) != std::string::npos;)
      m.erase(at, folder.path().size() + 1);
    CHECK(m == message);
  };

  const std::string oops =
      "csv_source: needs a finite number of f32 and not \"oops\": line 3, column 2 (y) of t.csv: at row 1";
  says([&] { pass(data::csv_source(path)); }, "Source: " + oops);
  says([&] { pass(data::csv_source(path, {}, {}, {.indexed = true})); }, "Source: " + oops);
  says([&] { data::csv_source(path, {.categories = {0}}); },
       "csv_source: words and what the training data fills need an encoding that is fitted; fit one by "
       "read_csv of the "
       "first rows, with .rows: it is not fitted");
  says([&] { data::csv_source(path, {}, {}, {.batch = -1}); },
       "csv_source: .batch must not be negative: it is -1");
  says([&] { data::csv_source(path, {}, {}, {.batch = 2, .indexed = true}); },
       "csv_source: rows by index must be single; put batch behind: .batch is 2");
  says([&] { data::csv_source(path, {.missing = data::Missing::drop_row}, {}, {.indexed = true}); },
       "csv_source: rows by index must all be there; take another .missing than drop_row, or a filter");
  says(
      [&] { data::csv_source(packed, {}, {}, {.indexed = true}); },
      "csv_source: a compressed file cannot be mapped; decompress it by gunzip, or leave .indexed out: t.gz");
  says([&] { data::csv_source("none.csv"); },
       "csv_source: the file cannot be opened (No such file or directory): none.csv");

  says([&] { data::idx_source({}); }, "idx_source: it needs a file: there is none");
  says(
      [&] {
        data::idx_source({{images}, {two}});
      },
      "idx_source: the files must have equally many rows: they have 3 and 2: two");
  says([&] { data::idx_source({{zipped}}); },
       "idx_source: a compressed file cannot be mapped; decompress it by gunzip, or use read_idx: zipped");
  says([&] { data::idx_source({{one}}); },
       "idx_source: the file must have rows; it holds one number without an axis: one");
  says([&] { data::idx_source({{more}}); },
       "idx_source: the size is wrong, the header says [3, 2] elements of 1 bytes and the file is too long; "
       "get the file "
       "again: more");
}
