// What reading and loading of a large file cost: nothing before it is used, and no copy but the model's own.

#include <doctest/doctest.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::Folder;

namespace {

constexpr std::int64_t n = std::int64_t{1} << 20;

/// Counts what the library has asked the system for by the time when everything to be written is at hand.
struct Weights {
  Tensor a = zeros({n}), b = zeros({n}, {.dtype = int64});
  std::int64_t reserved = 0;

  void visit(Visitor& v) {
    v("a", a), v("b", b);
    v.check([this] { reserved = memory_stats().reserved_bytes; });
  }
};

/// Bytes that the load of a file needs beside the weights.
std::int64_t needed_by_load(const std::string& path) {
  Weights weights;
  empty_cache();
  const std::int64_t before = memory_stats().reserved_bytes;
  files::load(path, weights);
  CHECK(weights.a.at({n - 1}) == 1);
  CHECK(weights.b.at({n - 1}) == 2);
  return weights.reserved - before;
}

/// Kilobytes of pages that are this process's own or mapped.
std::int64_t resident() {
  std::ifstream in("/proc/self/statm");
  std::int64_t all = 0, pages = 0;
  in >> all >> pages;
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

}  // namespace

TEST_CASE("a load copies from the file's pages into the weights, and makes no second copy") {
  const Folder folder;
  files::save(folder.path("a"), {{"a", ones({n})}, {"b", full({n}, 2, {.dtype = int64})}});
  files::save(folder.path("wide"),
              {{"a", ones({n}, {.dtype = float64})}, {"b", full({n}, 2, {.dtype = int64})}});

  CHECK(needed_by_load(folder.path("a")) < n / 8);
  CHECK(needed_by_load(folder.path("wide")) >= 4 * n);  // what is converted is copied
}

TEST_CASE("1 GB is read in less than 20 ms, and no memory, before it is used") {
  const Folder folder;
  constexpr std::uint64_t bytes = 1'000'000'000;
  std::string header = R"({"x":{"dtype":"F32","shape":[250000000],"data_offsets":[0,1000000000]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::string path = folder.write("a", test::safetensors(header, ""));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + bytes);  // a hole, of zeros
  const std::int64_t before = resident();
  const std::clock_t start = std::clock();

  files::Contents contents = files::read(path);

  CHECK(1000 * (std::clock() - start) < 20 * CLOCKS_PER_SEC);
  CHECK(resident() - before < 10'000);
  Tensor x = contents.at("x");
  CHECK(x.numel() == 250'000'000);
  CHECK(x.at({249'999'999}) == 0);
}
