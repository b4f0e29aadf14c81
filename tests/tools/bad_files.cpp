// Files that are none, or not whole, or of others: exit status 2, and a message that names the file.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tools/program.hpp"

using test::data_file;
using test::Folder;
using test::Ran;

namespace {

/// Runs every command on a file that it cannot read, by this program, which is called by these words.
void check_refused(const Folder& folder, const std::string& path, const std::string& words = "",
                   const std::string& program = XGRAD_PROGRAM) {
  INFO(path);
  const std::string good = folder.write("good.npy", test::bytes_in(data_file("matrix.npy"))),
                    out = folder.path("out.npz");
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"info", path},
                                                                     {"info", "--json", path},
                                                                     {"diff", path, good},
                                                                     {"diff", good, path},
                                                                     {"convert", path, out}}) {
    const Ran ran = test::run_line(words + test::line_of(arguments, program));
    INFO(ran.err);
    CHECK(ran.status == 2);
    CHECK(ran.out == "");
    CHECK(ran.err.starts_with("xgrad: "));
    CHECK(ran.err.find(std::filesystem::path(path).filename().string()) != std::string::npos);
    CHECK(std::ranges::count(ran.err, '\n') == 1);
    CHECK_FALSE(std::filesystem::exists(out));
  }
}

}  // namespace

TEST_CASE("what is no file is refused") {
  const Folder folder;
  for (const char* ending : {".safetensors", ".npy", ".npz", ".pt"}) {
    const auto path = [&](const char* name) { return folder.path(name + std::string(ending)); };
    std::filesystem::create_directory(path("directory"));
    REQUIRE(mkfifo(path("pipe").c_str(), 0600) == 0);

    for (const char* name : {"missing", "directory", "pipe"}) check_refused(folder, path(name));
  }
}

TEST_CASE("a file of another form, an empty one and a part of one are refused") {
  const Folder folder;
  for (const char* file : {"written.safetensors", "matrix.npy", "deflated.npz", "model.pt"}) {
    const std::string bytes = test::bytes_in(data_file(file)),
                      ending = std::filesystem::path(file).extension();

    check_refused(folder, folder.write("empty" + ending, ""));
    check_refused(folder,
                  folder.write("text" + ending, "no file of tensors, but a text that somebody wrote"));
    check_refused(folder, folder.write("first half" + ending, bytes.substr(0, bytes.size() / 2)));
    check_refused(folder, folder.write("all but one" + ending, bytes.substr(0, bytes.size() - 1)));
  }
  check_refused(folder, folder.write("a.npz", test::bytes_in(data_file("model.pt"))));
  check_refused(folder, folder.write("a.safetensors", test::bytes_in(data_file("deflated.npz"))));
}

TEST_CASE("a file that may not be read is refused") {
  const Folder folder;
  const std::string path = folder.write("secret.npz", test::bytes_in(data_file("stored.npz")));
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(chmod(path.c_str(), 0) == 0);
  if (geteuid() != 0) return check_refused(folder, path);
  // Who may read everything; another user may not even see where the program was built.
  std::filesystem::copy_file(XGRAD_PROGRAM, folder.path("xgrad"));
  check_refused(folder, path, "setpriv --reuid 65534 --regid 65534 --clear-groups -- ", folder.path("xgrad"));
}

TEST_CASE("what cannot be written leaves nothing behind") {
  const Folder folder;
  const std::string from = data_file("stored.npz");
  for (const std::string& to :
       {folder.path("no folder/a.npz"), std::string("/dev/full.npz/a.npz"), folder.path()}) {
    const Ran ran = test::run_xgrad({"convert", from, to});
    CHECK(ran.status == 2);
    CHECK(ran.err.starts_with("xgrad: "));
  }
  CHECK(std::filesystem::is_empty(folder.path()));

  // 512 bytes a block: the file must not grow beyond one.
  const Ran ran =
      test::run_line("sh -c " + test::quoted("ulimit -f 1; trap '' XFSZ; exec " +
                                             test::line_of({"convert", from, folder.path("a.npz")})));
  CHECK(ran.status == 2);
  CHECK(ran.err.find("the file cannot be written (File too large)") != std::string::npos);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("output that cannot be written is trouble") {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"info", data_file("stored.npz")}, {"--help"}, {"--version"}}) {
    const Ran ran = test::run_line("sh -c " + test::quoted(test::line_of(arguments) + " >/dev/full"));

    CHECK(ran.status == 2);
    CHECK(ran.err.find("the output cannot be written") != std::string::npos);
  }
}

TEST_CASE("an ending that is none of ours is named with those that are") {
  for (const char* path : {"model", "model.h5", "model.safetensors.gz"}) {
    const Ran ran = test::run_xgrad({"info", path});

    CHECK(ran.status == 2);
    CHECK(ran.err ==
          "xgrad: the form of a file is known by its ending, which must be one of .safetensors, "
          ".npy, .npz, .pt, .pth and .bin: " +
              std::string(path) + "\n");
  }
}
