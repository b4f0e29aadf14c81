// Random damage to good files: a reader gives an Error or a tensor, and never anything else. Run it under
// asan.

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>

#include "files.hpp"
#include "xgrad/data/csv.hpp"
#include "xgrad/data/idx.hpp"

using namespace xgrad;

namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) { return random() % n; }

// Bytes of `alphabet` or of any value put in, changed, doubled or taken out, here and there.
std::string damaged(std::string bytes, const std::string& alphabet, Random& random) {
  const std::size_t times = 1 + below(random, 4);
  for (std::size_t i = 0; i < times; ++i) {
    const std::size_t at = below(random, bytes.size() + 1);
    const char c = below(random, 2) ? alphabet[below(random, alphabet.size())] : static_cast<char>(random());
    switch (below(random, 5)) {
      case 0:
        bytes.insert(at, 1, c);
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(random, bytes.size() + 1), 20));
        break;
      case 3:
        bytes.erase(at, below(random, 5));
        break;
      default:
        if (at < bytes.size()) bytes[at] = c;
    }
  }
  return bytes;
}

/// A file in memory, since thousands of files on a disk take their time.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : descriptor_(memfd_create("xgrad-test", 0)) {
    REQUIRE(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// Counts the files that read() takes and those that it reports.
template <class F>
void check_all(const std::string& good, const std::string& alphabet, int files, F read) {
  Random random(1);
  int taken = 0, reported = 0;
  for (int i = 0; i < files; ++i) {
    const MemoryFile file(damaged(good, alphabet, random));
    const std::string path = file.path();
    const std::string error = test::error_of([&] { read(path), ++taken; });
    reported += !error.empty();
    if (!error.empty()) CHECK(error.find(path) != std::string::npos);
  }

  CHECK(taken + reported == files);
  CHECK(reported > files / 20);
}

const std::string table =
    "name,x,\"y, z\"\n\"a\",1,2.5\nb,-3e5,\"4\"\n\"c\"\"d\",,6\r\n\"e\nf\",7,NA\ng,8,9\n";
const std::string array("\0\0\x0B\x02\0\0\0\x02\0\0\0\x03\0\1\0\2\0\3\0\4\0\5\0\6", 24);

}  // namespace

TEST_CASE("damaged tables") {
  check_all(table, ",\"\n\r. -e", 3000, [](const std::string& path) {
    data::read_csv(path, {.label = 0, .missing = data::Missing::drop_row});
  });
}

TEST_CASE("damaged compressed tables") {
  check_all(test::compressed(table), "\x1f\x8b", 3000, [](const std::string& path) {
    data::read_csv(path, {.label = 0, .missing = data::Missing::nan});
  });
}

TEST_CASE("damaged arrays") {
  check_all(array, std::string("\0\1\xff\x08\x0d\x0e", 6), 3000,
            [](const std::string& path) { data::read_idx(path, float32); });
}

TEST_CASE("damaged compressed arrays") {
  check_all(test::compressed(array), "\x1f\x8b", 3000, [](const std::string& path) { data::read_idx(path); });
}
