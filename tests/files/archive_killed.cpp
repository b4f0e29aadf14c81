// A writer of an archive that is killed at any moment leaves the old file or the new one, whole.

#include <algorithm>

#include "datasets/files.hpp"
#include "files/killed.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using namespace test;

namespace {

void write_epoch(const std::string& path, std::int64_t epoch, bool compress) {
  files::write_npz(
      path, {{"a", full({50'000}, epoch, {.dtype = float32})}, {"b", full({1000}, epoch, {.dtype = int64})}},
      {.compress = compress});
}

/// The epoch that all of the archive is of; -1 where it is of several.
std::int64_t epoch_of(const std::string& path) {
  const auto tensors = files::read_npz(path);
  const auto a = tensors.at(0).tensor.data<float>();
  const auto b = tensors.at(1).tensor.data<std::int64_t>();
  const std::int64_t epoch = b[0];
  const bool whole = std::ranges::all_of(a, [&](float v) { return v == static_cast<float>(epoch); }) &&
                     std::ranges::all_of(b, [&](std::int64_t v) { return v == epoch; });
  return whole ? epoch : -1;
}

}  // namespace

TEST_CASE("writing an archive that is killed leaves the old one or the new one") {
  const Folder folder;
  const std::string path = folder.path("a.npz");
  for (const bool compress : {false, true}) {
    std::int64_t latest = 0, moved = 0;
    Moments moments(duration_of([&] { write_epoch(path, latest, compress); }), 3);

    for (int i = 0; i < 100; ++i) {
      killed_after(moments.next(), [&] {
        for (std::int64_t epoch = latest + 1;; ++epoch) write_epoch(path, epoch, compress);
      });

      const std::int64_t epoch = epoch_of(path);
      CHECK(epoch >= latest);
      moved += epoch > latest;
      moments.adapt(epoch > latest);
      latest = std::max(latest, epoch);
    }
    CHECK(moved > 10);
  }
}
