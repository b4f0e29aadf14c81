// Where files cannot be read or written: an error, and what was there is still there.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "files/limits.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::bytes_in;
using test::error_of;
using test::Folder;
using test::LargestFile;
using test::Nobody;

namespace {

constexpr const char* write_remedy = "; name a file in a folder that exists and may be written";
constexpr const char* read_remedy = "; name a file that is there and may be read";

std::string said_in_reading(const std::string& path) {
  Tensor x = ones({2});
  struct Holder {
    Tensor& x;
    void visit(Visitor& v) { v("x", x); }
  } holder{x};
  std::string message = error_of([&] { files::load(path, holder); });
  CHECK(x.to_vector<float>() == std::vector<float>{1, 1});
  return message;
}

std::string said_in_writing(const std::string& path, std::int64_t n = 2) {
  return error_of([&] { files::save(path, {{"a", ones({n})}}); });
}

}  // namespace

TEST_CASE("what is no file is not read, and nothing waits for it") {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(said_in_reading(folder.path("nothing")) ==
        "files::load: the file cannot be opened (No such file or directory): " + folder.path("nothing") +
            read_remedy);
  CHECK(said_in_reading("") ==
        std::string("files::load: the file cannot be opened (No such file or directory): ") + read_remedy);
  CHECK(said_in_reading(folder.path()) ==
        "files::load: this is a directory and not a file: " + folder.path() + "; name a file in it");
  CHECK(said_in_reading(pipe) == "files::load: this is a pipe or a device and not a file: " + pipe +
                                     "; write what comes from it to a file first");
  CHECK(said_in_reading("/dev/zero") ==
        "files::load: this is a pipe or a device and not a file: /dev/zero; write what "
        "comes from it to a file first");
}

TEST_CASE("what is no file is not written over") {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const std::string no_file =
      "files::save: the file cannot be written (what is there is a device, a pipe or a socket): ";

  CHECK(said_in_writing(folder.path()) ==
        "files::save: the file cannot be written (Is a directory): " + folder.path() + write_remedy);
  CHECK(said_in_writing(pipe) == no_file + pipe + write_remedy);
  CHECK(said_in_writing("/dev/full") == no_file + "/dev/full" + write_remedy);
  CHECK(said_in_writing("") == "files::save: the file needs a name: the path is empty");
  CHECK(said_in_writing(folder.path("no/a")) ==
        "files::save: the file cannot be written (No such file or directory): " + folder.path("no/a") +
            write_remedy);
  CHECK(said_in_writing(folder.path(std::string(300, 'a'))).find("(File name too long)") !=
        std::string::npos);
}

TEST_CASE("without permission, a file is neither read nor written") {
  const Folder folder;
  const std::string secret = folder.write("secret", "secret"), path = folder.path("a");
  REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
  REQUIRE(chmod(secret.c_str(), 0000) == 0);
  {
    const Nobody nobody;

    CHECK(said_in_reading(secret) ==
          "files::load: the file cannot be opened (Permission denied): " + secret + read_remedy);
    CHECK(said_in_writing(path) ==
          "files::save: the file cannot be written (Permission denied): " + path + write_remedy);
  }
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(chmod(secret.c_str(), 0600) == 0);
  CHECK(bytes_in(secret) == "secret");
}

TEST_CASE("where a file cannot become as long as it must, the old one stays and nothing is left beside it") {
  const Folder folder;
  const std::string path = folder.path("a");
  files::save(path, {{"a", full({2}, 7)}});
  const std::string before = bytes_in(path);
  for (const std::int64_t n : {2000, 100'000}) {  // in one write, and in two
    const LargestFile limit(4096);

    CHECK(said_in_writing(path, n) ==
          "files::save: the file cannot be written (File too large): " + path + write_remedy);
  }
  CHECK(bytes_in(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("on a disk that is full, the old file stays and nothing is left beside it") {
  const Folder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    MESSAGE("no small disk can be mounted here");
    return;
  }
  const std::string path = folder.path("a");
  files::save(path, {{"a", full({2}, 7)}});
  const std::string before = bytes_in(path), message = said_in_writing(path, 100'000), after = bytes_in(path);
  const auto count = std::distance(std::filesystem::directory_iterator(folder.path()), {});
  umount(folder.path().c_str());

  CHECK(message ==
        "files::save: the file cannot be written (No space left on device): " + path + write_remedy);
  CHECK(after == before);
  CHECK(count == 1);
}

TEST_CASE("a path that is no UTF-8 is a path") {
  const Folder folder;
  const std::string path = folder.path("a\xff\xfe");

  files::save(path, {{"a", ones({2})}});

  CHECK(files::read(path).at("a").to_vector<float>() == std::vector<float>{1, 1});
}

TEST_CASE("a name that a killed process has left does not stand in the way") {
  const Folder folder;
  const std::string path = folder.path("a");
  for (int i = 0; i < 100; ++i)
    folder.write("a." + std::to_string(getpid()) + "." + std::to_string(i) + ".tmp", "x");

  files::save(path, {{"a", ones({2})}});

  CHECK(files::read(path).contains("a"));
}
