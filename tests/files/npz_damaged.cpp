// Archives that are cut off, changed, or untrue: an Error, and nothing else.

#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "archive.hpp"
#include "reference.hpp"
#include "xgrad/files/npy.hpp"
#include "xgrad/files/npz.hpp"
#include "xgrad/files/pt.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;
using test::little_endian;
using test::MemoryFile;

namespace {

std::string without(std::string text, const std::string& part) {
  if (const auto at = text.find(part); at != std::string::npos) text.erase(at, part.size());
  return text;
}

std::string error_of_npz(const std::string& bytes) {
  const Folder folder;
  const std::string path = folder.write("a.npz", bytes);
  return without(error_of([&] { files::read_npz(path); }), folder.path());
}

std::string error_of_pt(const std::string& bytes) {
  const Folder folder;
  const std::string path = folder.write("a.pt", bytes);
  return without(error_of([&] { files::read_pt(path); }), folder.path());
}

/// What the reader of the kind of `name` makes of a file.
StateDict read_as(const std::string& name, const std::string& path) {
  if (name.ends_with(".pt")) return files::read_pt(path);
  StateDict state;
  if (name.ends_with(".npy"))
    state.set("", files::read_npy(path));
  else
    for (const auto& [key, tensor] : files::read_npz(path)) state.set(key, tensor);
  return state;
}

/// A file of ours with one array of 60 bytes of data, stored.
std::string small_archive() {
  const Folder folder;
  files::write_npz(folder.path("a.npz"), {{"x", arange(15.)}});
  return test::bytes_of_file(folder.path("a.npz"));
}

/// Where the line of the directory begins, and that of the archive's end.
std::size_t directory_of(const std::string& archive) { return archive.find("PK\1\2"); }
std::size_t end_of(const std::string& archive) { return archive.rfind("PK\5\6"); }

}  // namespace

TEST_CASE("an archive that is cut off at any byte is an error") {
  const MemoryFile file;
  for (const std::string name : {"deflated.npz", "streamed.npz", "model.pt", "none.npz"}) {
    const std::string whole = test::bytes_of_file(test::reference_file(name));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      file.set(whole.substr(0, n));
      if (error_of([&] { read_as(name, file.path()); }).empty()) FAIL_CHECK(name << " cut off after " << n);
    }
  }
}

TEST_CASE("a byte of data that changed is found by the checksum when the member is closed") {
  std::string archive = small_archive();
  const std::size_t data = archive.find("\x93NUMPY") + 128;
  archive[data + 5] = static_cast<char>(archive[data + 5] ^ 1);

  CHECK(error_of_npz(archive) ==
        "read_npz: the data are damaged, they have another checksum than was written with them; get the file "
        "again: "
        "the member 'x.npy' of /a.npz");
}

TEST_CASE("no byte of the members changes what is read without an error") {
  const MemoryFile file;
  for (const std::string name : {"deflated.npz", "model.pt"}) {
    const std::string whole = test::bytes_of_file(test::reference_file(name));
    const StateDict state = read_as(name, test::reference_file(name));
    std::size_t silent = 0;
    for (std::size_t i = 0; i < directory_of(whole); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 0x10);
      file.set(changed);
      StateDict found;
      if (!error_of([&] { found = read_as(name, file.path()); }).empty()) continue;
      ++silent;  // a date, a padding, what is said a second time in the directory
      if (!same(found, state)) FAIL_CHECK(name << " with byte " << i << " changed");
    }
    CHECK(silent < directory_of(whole) * 2 / 3);
  }
}

TEST_CASE("sizes that the file has no room for are refused before anything is allocated") {
  const std::string archive = small_archive();
  const std::size_t line = directory_of(archive);
  std::string stored_large = archive, packed_large = archive, deflate_large = archive;
  stored_large.replace(line + 24, 4, little_endian(0x7fffffff, 4));
  packed_large.replace(line + 20, 8, little_endian(0x7fffffff, 4) + little_endian(0x7fffffff, 4));
  deflate_large.replace(line + 10, 2, "\x08\0", 2);
  deflate_large.replace(line + 24, 4, little_endian(0x7fffffff, 4));

  CHECK(error_of_npz(stored_large) ==
        "read_npz: the directory of the archive says that it has 2147483647 bytes, packed in 188, which "
        "cannot be; "
        "get the file again: the member 'x.npy' of /a.npz");
  CHECK(error_of_npz(packed_large).find("which cannot be") != std::string::npos);
  CHECK(error_of_npz(deflate_large).find("which cannot be") != std::string::npos);
}

TEST_CASE("a member of another size than its directory says is refused") {
  // Deflated, and said to have a byte more, in both places.
  const Folder folder;
  files::write_npz(folder.path("a.npz"), {{"x", zeros({100})}}, {.compress = true});
  std::string longer = test::bytes_of_file(folder.path("a.npz"));
  const std::size_t line = directory_of(longer);
  longer.replace(line + 24, 4, little_endian(529, 4));

  CHECK(error_of_npz(longer).starts_with(
      "read_npz: the directory of the archive and the member contradict each other"));
}

TEST_CASE("members that share their bytes are refused") {
  // The directory has the member twice, under two names.
  const std::string archive = small_archive();
  const std::size_t line = directory_of(archive), end = end_of(archive);
  std::string second = archive.substr(line, end - line);
  second.replace(second.find("x.npy"), 1, "y");
  std::string twice = archive.substr(0, end) + second + archive.substr(end);
  const std::size_t new_end = end_of(twice);
  twice.replace(new_end + 8, 4, std::string("\2\0\2\0", 4));
  twice.replace(new_end + 12, 4, little_endian(2 * second.size(), 4));

  CHECK(error_of_npz(twice) ==
        "read_npz: the members need more bytes than the file has; get the file again: the member 'y.npy' of "
        "/a.npz");
}

TEST_CASE("two members of one name are refused") {
  const Folder folder;
  files::write_npz(folder.path("a.npz"), {{"x", zeros({1})}, {"y", ones({1})}});
  std::string archive = test::bytes_of_file(folder.path("a.npz"));
  archive.replace(archive.rfind("y.npy"), 1, "x");

  CHECK(error_of_npz(archive) ==
        "read_npz: two members have this name; write each under a name of its own: the member 'x.npy' of "
        "/a.npz");
}

TEST_CASE("members of other kinds are refused by what they are") {
  const std::string archive = small_archive();
  const std::size_t line = directory_of(archive);
  std::string locked = archive, packed = archive, foreign = archive, odd = archive, array = archive;
  locked[line + 8] |= 1;
  packed[line + 10] = 14;
  foreign.replace(archive.rfind("x.npy"), 5, "x.txt");
  odd[archive.rfind("x.npy")] = '\xff';
  array[archive.find("\x93NUMPY")] = 'X';

  CHECK(error_of_npz(locked) ==
        "read_npz: the member is encrypted; write it without a password: the member 'x.npy' of /a.npz");
  CHECK(error_of_npz(packed) ==
        "read_npz: the member is packed by method 14, and must be stored or deflated; write it in one of "
        "these ways: "
        "the member 'x.npy' of /a.npz");
  CHECK(
      error_of_npz(foreign) ==
      "read_npz: the member is no array, its name must end in .npy; read an archive of np.savez: the member "
      "'x.txt' of /a.npz");
  CHECK(error_of_npz(odd) ==
        "read_npz: a member's name is no text in UTF-8; write the archive with names in UTF-8: member 0 of "
        "/a.npz");
  CHECK(error_of_npz(array) ==
        "read_npz: this is no array in NumPy's format: it must begin with \\x93NUMPY; save it by np.save: "
        "the member "
        "'x.npy' of /a.npz");
}

TEST_CASE("what is no archive is refused") {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(error_of_npz("") == "read_npz: the file is empty: /a.npz");
  CHECK(error_of_npz("PK") == "read_npz: this is no zip archive: it must begin with PK: /a.npz");
  CHECK(error_of_npz(std::string("PK\3\4") + std::string(100, 'x')) ==
        "read_npz: the archive has no directory at its end, or a damaged one; get the file again: /a.npz");
  CHECK(error_of_pt("") == "read_pt: the file is empty: /a.pt");
  CHECK(error_of([&] { files::read_npz(folder.path()); }) ==
        "read_npz: this is a directory and not a file: " + folder.path());
  CHECK(error_of([&] { files::read_pt(pipe); }) ==
        "read_pt: this is a device, a pipe or a socket; save what it gives to a file first: " + pipe);
}

TEST_CASE("a file that may not be read is refused in the system's words") {
  if (geteuid() == 0) return;  // who may read all
  const Folder folder;
  const std::string path = folder.write("a.npz", small_archive());
  REQUIRE(chmod(path.c_str(), 0) == 0);

  CHECK(error_of([&] { files::read_npz(path); }) ==
        "read_npz: the file cannot be opened (Permission denied): " + path);
}

TEST_CASE("10,000 files with changed bytes load or are an error") {
  const std::vector<std::string> names = {"matrix.npy",  "deflated.npz", "none.npz", "model.pt",
                                          "strided.pt",  "dtypes.pt",    "cycle.pt", "module.pt",
                                          "one_name.pt", "checkpoint.pt"};
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const MemoryFile file;
  std::size_t loaded = 0, refused = 0;
  for (const std::string& name : names) {
    const std::string whole = test::bytes_of_file(test::reference_file(name));
    for (int round = 0; round < 1000; ++round) {
      std::string changed = whole;
      for (std::size_t k = 1 + below(3); k > 0; --k) {
        const std::size_t at = below(changed.size());
        const std::size_t way = below(4);
        if (way == 0) changed[at] = static_cast<char>(random());
        if (way == 1) changed[at] = static_cast<char>(changed[at] ^ 1 << below(8));
        if (way == 2) changed[at] = "\0\x7f\x80\xff"[below(4)];
        if (way == 3) changed.erase(at, below(8)), changed += std::string(changed.empty(), 'x');
      }
      file.set(changed);
      const std::string error = error_of([&] { read_as(name, file.path()); });
      ++(error.empty() ? loaded : refused);
      if (!error.empty() && !error.ends_with(file.path())) FAIL_CHECK(error);
    }
  }
  CHECK(loaded + refused == 10000);
  CHECK(loaded > 100);
  CHECK(refused > 5000);
}
