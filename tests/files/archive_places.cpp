// Where arrays and archives cannot be read or written: an error, and what was there is still there.

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "files/limits.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::bytes_in;
using test::error_of;
using test::Folder;

namespace {

struct Writer {
  std::string op;
  std::function<void(const std::string& path, std::int64_t n)> write;
};

const std::vector<Writer> writers{
    {"write_npy", [](const std::string& path, std::int64_t n) { files::write_npy(path, ones({n})); }},
    {"write_npz",
     [](const std::string& path, std::int64_t n) {
       files::write_npz(path, {{"x", ones({n})}});
     }},
    {"write_npz", [](const std::string& path, std::int64_t n) {
       files::write_npz(path, {{"x", rand({n})}}, {.compress = true});
     }}};

/// Writes more than there is room for in a folder where a file is, and checks that it stays.
void check_no_room(const Folder& folder, const Writer& writer, const std::string& reason) {
  const std::string path = folder.path("a"), before = bytes_in(path);

  CHECK(error_of([&] { writer.write(path, 100'000); }) ==
        writer.op + ": the file cannot be written (" + reason + "): " + path +
            "; name a file in a folder that exists and may be written");
  CHECK(bytes_in(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

}  // namespace

TEST_CASE("where an array or an archive cannot become as long as it must, the old one stays") {
  for (const Writer& writer : writers) {
    const Folder folder;
    writer.write(folder.path("a"), 2);
    const test::LargestFile limit(4096);

    check_no_room(folder, writer, "File too large");
  }
}

TEST_CASE("on a disk that is full, the old array or archive stays") {
  for (const Writer& writer : writers) {
    const Folder folder;
    if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
      MESSAGE("no small disk can be mounted here");
      return;
    }
    writer.write(folder.path("a"), 2);

    check_no_room(folder, writer, "No space left on device");
    umount(folder.path().c_str());
  }
}

TEST_CASE("without permission, arrays and archives are neither read nor written") {
  const Folder folder;
  const std::string path = folder.write("secret", "secret");
  REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
  REQUIRE(chmod(path.c_str(), 0) == 0);
  {
    const test::Nobody nobody;

    const std::string reason = ": the file cannot be opened (Permission denied): " + path;
    CHECK(error_of([&] { files::read_npy(path); }) == "read_npy" + reason);
    CHECK(error_of([&] { files::read_npz(path); }) == "read_npz" + reason);
    CHECK(error_of([&] { files::read_pt(path); }) == "read_pt" + reason);
    for (const Writer& writer : writers)
      CHECK(error_of([&] {
              writer.write(folder.path("new"), 2);
            }).starts_with(writer.op + ": the file cannot be written (Permission denied)"));
  }
  chmod(folder.path().c_str(), 0755);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a path that is no UTF-8 is a path of an array and of an archive") {
  const Folder folder;
  const std::string path = folder.path("a\xff\xfe");

  for (const Writer& writer : writers) CHECK(error_of([&] { writer.write(path, 2); }) == "");

  CHECK(files::read_npz(path)[0].tensor.numel() == 2);
}
