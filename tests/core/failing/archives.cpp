// An archive or an array for which there is no memory is not loaded in part, and not written in part.

#include <doctest/doctest.h>

#include <filesystem>

#include "core/failing/failing.hpp"
#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"
#include "xgrad/nn.hpp"

/// Where zlib gets no memory to compress, minizip loses the header of the file that it was about to add.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions() { return "leak:zipOpenNewFileInZip4_64\n"; }

using namespace xgrad;
using ::test::bytes_in;
using ::test::Folder;
using xgrad::test::fail_everywhere;

namespace {

std::string reference_file(const std::string& name) { return XGRAD_TEST_DATA "/files/" + name; }

/// Two tensors whose memory comes from the system, and not from a free list.
struct Two {
  Tensor a = zeros({20'000}), b = zeros({20'000}, {.dtype = int64});
  void visit(Visitor& v) { v("a", a), v.buffer("b", b); }
};

StateDict state_of(const std::vector<NamedTensor>& tensors) {
  StateDict state;
  for (const auto& [name, tensor] : tensors) state.set(name, tensor);
  return state;
}

}  // namespace

TEST_CASE(
    "wherever an allocation fails in loading an archive of arrays, nothing changes, and it loads again") {
  const Folder folder;
  for (const bool compress : {false, true}) {
    const std::string path = folder.path("a.npz");
    files::write_npz(path, {{"a", ones({20'000})}, {"b", ones({20'000}, {.dtype = int64})}},
                     {.compress = compress});
    Two two;

    const int k =
        fail_everywhere([&] { two = Two(); }, [&] { load_state_dict(two, state_of(files::read_npz(path))); },
                        [&] { REQUIRE(same(two, Two())); });

    CHECK(same(two, state_of(files::read_npz(path))));
    CHECK(k > 30);
  }
}

TEST_CASE(
    "wherever an allocation fails in loading what torch.save wrote, nothing changes, and it loads again") {
  nn::Sequential model(nn::Conv2d(1, 2, 3), nn::BatchNorm2d(2), nn::Flatten(), nn::Linear(8, 3));
  const StateDict before = state_dict(model);

  const int k = fail_everywhere([&] { load_state_dict(model, before); },
                                [&] { load_state_dict(model, files::read_pt(reference_file("model.pt"))); },
                                [&] { REQUIRE(same(model, before)); });

  CHECK(same(model, files::read_pt(reference_file("model.pt"))));
  CHECK(k > 100);
}

TEST_CASE("wherever an allocation fails in reading an array, there is none") {
  Tensor x;

  const int k =
      fail_everywhere([&] { x = Tensor(); }, [&] { x = files::read_npy(reference_file("halves.npy")); },
                      [&] { REQUIRE_FALSE(x.defined()); });

  CHECK(x.numel() == 3856);  // every 17th of 65,536
  CHECK(k > 5);
}

TEST_CASE(
    "wherever an allocation fails in writing an archive or an array, the old one stays, and nothing else") {
  const Folder folder;
  const std::string npz = folder.write("a.npz", "old"), npy = folder.write("a.npy", "old");
  const Tensor x = ones({20'000});
  const auto check = [&](const std::string& path) {
    REQUIRE(bytes_in(path) == "old");
    REQUIRE(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
  };

  int k = fail_everywhere([&] { folder.write("a.npz", "old"); },
                          [&] {
                            files::write_npz(npz, {{"x", x}, {"y", x}}, {.compress = true});
                          },
                          [&] { check(npz); });
  CHECK(k > 10);
  CHECK(files::read_npz(npz).size() == 2);

  k = fail_everywhere([&] { folder.write("a.npy", "old"); }, [&] { files::write_npy(npy, x); },
                      [&] { check(npy); });
  CHECK(k > 3);
  CHECK(equal(files::read_npy(npy), x));
}
