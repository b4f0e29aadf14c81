// Pickles that PyTorch would not write: what is in a pickle is refused by its name and place, and never
// believed.

#include <random>

#include "archive.hpp"
#include "reference.hpp"
#include "xgrad/files/pt.hpp"
#include "zip_archive.hpp"

using namespace xgrad;
using test::error_of;
using test::MemoryFile;

namespace {

/// The members of a file of torch.save.
test::Members members_of(const std::string& file) {
  files::ZipArchive archive("members_of", test::reference_file(file));
  test::Members members;
  for (const files::ZipEntry& entry : archive.entries())
    archive.open(entry, [&](files::ByteSource& source) {
      std::string bytes(static_cast<std::size_t>(source.size()), '\0');
      source.read(bytes.data(), bytes.size());
      members.emplace_back(entry.name, bytes);
    });
  return members;
}

/// A state of this pickle, and of a storage "0" of 6 numbers, 0 to 5, in float32.
StateDict read(const std::string& pickle) {
  std::string numbers;
  for (float v = 0; v < 6; ++v) numbers.append(reinterpret_cast<const char*>(&v), sizeof v);
  const MemoryFile file;
  file.set(test::stored_archive({{"a/data.pkl", pickle}, {"a/data/0", numbers}}));
  return files::read_pt(file.path());
}

std::string error_of_pickle(const std::string& pickle) {
  const std::string error = error_of([&] { read(pickle); });
  const std::string rest =
      "; save it again by torch.save(model.state_dict(), path): the member 'a/data.pkl' of ";
  const auto at = error.find(rest);
  return at == std::string::npos ? error : error.substr(0, at);
}

std::string text(const std::string& s) { return std::string("X") + test::little_endian(s.size(), 4) + s; }
std::string integer(std::int64_t v) {
  return std::string("\x8a\x08") + test::little_endian(static_cast<std::uint64_t>(v), 8);
}
std::string tuple(const std::vector<std::int64_t>& numbers) {
  std::string s = "(";
  for (std::int64_t v : numbers) s += integer(v);
  return s + "t";
}
std::string dict(const std::string& key, const std::string& value) {
  return std::string("\x80\x02}") + text(key) + value + "s.";
}
std::string storage(std::int64_t size, const std::string& type = "torch\nFloatStorage\n") {
  return std::string("(") + text("storage") + "c" + type + text("0") + text("cpu") + integer(size) + "tQ";
}
std::string view(std::int64_t offset, const std::vector<std::int64_t>& sizes,
                 const std::vector<std::int64_t>& strides, std::int64_t stored = 6) {
  return std::string("ctorch._utils\n_rebuild_tensor_v2\n(") + storage(stored) + integer(offset) +
         tuple(sizes) + tuple(strides) + "\x89}tR";
}
std::string tensor_error(const std::string& value) { return error_of_pickle(dict("w", value)); }

}  // namespace

TEST_CASE("a pickle that is put together by hand is read") {
  const Tensor w = read(dict("w", view(1, {2, 2}, {1, 3}))).get<Tensor>("w");

  CHECK(w.shape() == Shape{2, 2});
  CHECK(w.to_vector<float>() == std::vector<float>{1, 4, 2, 5});
}

TEST_CASE("texts of Python 2 and an OrderedDict of pairs are read") {
  const std::string pairs = "](](U\1aK\7e(U\1bK\x08te";

  const StateDict state = read(
      "\x80\x02"
      "ccollections\nOrderedDict\n" +
      pairs + "\x85R.");

  CHECK(state.size() == 2);
  CHECK(state.get<std::int64_t>("a") == 7);
  CHECK(state.get<std::int64_t>("b") == 8);
}

TEST_CASE("no element outside its storage is read") {
  const std::string outside =
      "a tensor has elements outside its storage '0' of 6 elements, where all must lie inside";

  CHECK(tensor_error(view(0, {6}, {1})).empty());
  CHECK(tensor_error(view(0, {7}, {1})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(1, {6}, {1})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(0, {2, 3}, {4, 1})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(6, {}, {})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(6, {0}, {1})).empty());
  CHECK(tensor_error(view(0, {3, 3}, {INT64_MAX, INT64_MAX})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(INT64_MAX, {2}, {1})).find(outside) != std::string::npos);
  CHECK(tensor_error(view(-1, {2}, {1})).find("must have an offset from 0 on") != std::string::npos);
  CHECK(tensor_error(view(5, {2}, {-1})).find("the strides of a tensor must be numbers from 0 on") !=
        std::string::npos);
  CHECK(tensor_error(view(0, {2, 3}, {1})).find("must have as many strides as sizes") != std::string::npos);
}

TEST_CASE("a storage has the bytes that its class and size say") {
  CHECK(tensor_error(view(0, {6}, {1}, 7))
            .starts_with(
                "read_pt: a storage of 7 elements must have 28 bytes, and there are 24; get the file again: "
                "the member 'a/data/0' of "));
  CHECK(tensor_error(view(0, {6}, {1}, INT64_MAX)).starts_with("read_pt: no memory can hold so much"));
  CHECK(
      tensor_error(storage(6, "torch\nNoStorage\n")) ==
      "read_pt: torch.NoStorage is no name that a state dict needs, and nothing is made of it: keep tensors, "
      "numbers and texts only (byte 22 of the pickle)");
}

TEST_CASE("elements that are repeated without end are refused") {
  CHECK(tensor_error(view(0, {1 << 20}, {0})).empty());
  CHECK(tensor_error(view(0, {1 << 30}, {0})).find("has more elements than there is room for") !=
        std::string::npos);
  CHECK(tensor_error(view(0, {INT64_MAX, INT64_MAX}, {0, 0}))
            .find("has more elements than there is room for") != std::string::npos);
  CHECK(tensor_error(view(0, {1 << 20, 0}, {0, 0})).empty());
}

TEST_CASE("nothing is called but what a state dict needs") {
  CHECK(tensor_error("cos\nsystem\n" + text("true") + "\x85R") ==
        "read_pt: os.system is no name that a state dict needs, and nothing is made of it: keep tensors, "
        "numbers and "
        "texts only (byte 9 of the pickle)");
  CHECK(tensor_error("cbuiltins\neval\n").starts_with("read_pt: builtins.eval is no name"));
  CHECK(tensor_error("ctorch\nFloatStorage\n)R")
            .starts_with("read_pt: torch.FloatStorage is called, and must not be"));
  CHECK(tensor_error("ccollections\nOrderedDict\n")
            .starts_with("read_pt: a class or a storage alone is no value of a state"));
  CHECK(tensor_error(text("os.system") + ")R").starts_with("read_pt: a call must be of a function"));
  CHECK(tensor_error("\x93").starts_with("read_pt: the instruction 147 is none that a state dict needs"));
}

TEST_CASE("a stack that is not as deep as an instruction needs is an error") {
  for (const std::string pickle :
       {".",    "0.",   "1.",    "a.",    "s.",    "u.",  "e.",  "t.",   "R.",   "Q.", "b.",
        "q\1.", "h\1.", "\x85.", "\x86.", "\x87.", "}a.", "]s.", "(}b.", "N(0.", "}N"})
    CHECK_MESSAGE(error_of_pickle(pickle).starts_with("read_pt: "), pickle);
}

TEST_CASE("numbers have the width and sign of Python's") {
  const auto value = [](const std::string& code) { return read(dict("v", code)).get<std::int64_t>("v"); };

  CHECK(value("K\xff") == 255);
  CHECK(value("M\xff\xff") == 65535);
  CHECK(value("J\xff\xff\xff\xff") == -1);
  CHECK(value(std::string("\x8a\0", 2)) == 0);
  CHECK(value("\x8a\1\xff") == -1);
  CHECK(value("\x8a\2\xff\x7f") == 32767);
  CHECK(value(integer(INT64_MIN)) == INT64_MIN);
  CHECK(tensor_error("\x8a\x09" + std::string(9, '\1')).starts_with("read_pt: an integer must lie between"));
  CHECK(read(dict("v", std::string("G\xbf\xf0\0\0\0\0\0\0", 9))).get<double>("v") == -1);
}

TEST_CASE("10,000 pickles with changed bytes load or are an error") {
  std::mt19937 random(20240608);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const MemoryFile file;
  std::size_t loaded = 0, refused = 0;
  for (const char* name : {"model.pt", "strided.pt", "dtypes.pt", "checkpoint.pt", "parameters.pt"}) {
    const test::Members whole = members_of(name);
    for (int round = 0; round < 2000; ++round) {
      test::Members members = whole;
      std::string& pickle = members[0].second;
      REQUIRE(members[0].first.ends_with("data.pkl"));
      for (std::size_t k = 1 + below(3); k > 0; --k) {
        const std::size_t at = below(pickle.size());
        const std::size_t way = below(4);
        if (way == 0) pickle[at] = static_cast<char>(random());
        if (way == 1) pickle[at] = static_cast<char>(pickle[at] ^ 1 << below(8));
        if (way == 2) pickle[at] = pickle[below(pickle.size())];
        if (way == 3) pickle.erase(at, below(8)), pickle += '.';
      }
      file.set(test::stored_archive(members));
      const std::string error = error_of([&] { files::read_pt(file.path()); });
      ++(error.empty() ? loaded : refused);
      if (!error.empty() && !error.ends_with(file.path())) FAIL_CHECK(error);
    }
  }
  CHECK(loaded > 500);
  CHECK(refused > 5000);
}
