#include "xgrad/files/npz.hpp"

#include <algorithm>

#include "archive.hpp"
#include "reference.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

void check_archive(const std::string& name) {
  const auto expected = test::reference("numpy_torch.json")[name];

  const auto tensors = files::read_npz(test::reference_file(name));

  REQUIRE(tensors.size() == expected.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(tensors[i].name == expected[i][0].get<std::string>());
    test::check_tensor(tensors[i].tensor, expected[i][1], tensors[i].name);
  }
}

bool same_tensors(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  StateDict x, y;
  for (const auto& [name, t] : a) x.set(name, t);
  for (const auto& [name, t] : b) y.set(name, t);
  return a.size() == b.size() && same(x, y);
}

std::vector<NamedTensor> some_tensors() {
  return {{"layers/0/weight", arange(12.).reshape({3, 4}) / 8},
          {"größe/重み", arange(3)},
          {"flags", tensor({true, false})},
          {"number", full({}, 2.5, float64)},
          {"empty", zeros({0, 3})},
          {"../outside", ones({1})},
          {"", zeros({2})},
          {"many", zeros({300, 300}, float64)}};
}

}  // namespace

TEST_CASE("every dtype in either byte order and either order of axes is read as NumPy has it") {
  check_archive("dtypes.npz");
}

TEST_CASE("stored archives are read, with names of any letters and the zip64 field") {
  check_archive("stored.npz");
}
TEST_CASE("deflated archives are read") { check_archive("deflated.npz"); }
TEST_CASE("archives are read that were streamed, with sizes behind the data") {
  check_archive("streamed.npz");
}
TEST_CASE("an archive of no array is read") { check_archive("none.npz"); }

TEST_CASE("sizes and places are read from the zip64 fields, as archives beyond 4 GiB have them") {
  const std::string array = test::bytes_of_file(test::reference_file("matrix.npy"));
  const Folder folder;
  const std::string archive = test::stored_archive({{"a.npy", array}, {"b.npy", array}}, true);

  const auto tensors = files::read_npz(folder.write("a.npz", archive));

  REQUIRE(tensors.size() == 2);
  CHECK(tensors[1].name == "b");
  CHECK(tensors[1].tensor.to_vector<float>() == std::vector<float>{0, 1, 2, 3, 4, 5});
  for (std::size_t n = 0; n < archive.size(); ++n)
    CHECK_FALSE(error_of([&] { files::read_npz(folder.write("cut.npz", archive.substr(0, n))); }).empty());
}

TEST_CASE("named tensors come back in their order with the same bits, stored and deflated") {
  const Folder folder;
  const auto tensors = some_tensors();

  for (const bool compress : {false, true}) {
    const std::string path = folder.path(compress ? "b.npz" : "a.npz");
    files::write_npz(path, tensors, {.compress = compress});

    const auto back = files::read_npz(path);

    CHECK(same_tensors(back, tensors));
    for (std::size_t i = 0; i < back.size(); ++i) CHECK(back[i].name == tensors[i].name);
  }
  CHECK(std::filesystem::file_size(folder.path("a.npz")) > 720000);
  CHECK(std::filesystem::file_size(folder.path("b.npz")) < 5000);
}

TEST_CASE("an archive of nothing is written and read") {
  const Folder folder;

  files::write_npz(folder.path("a.npz"), {});

  CHECK(files::read_npz(folder.path("a.npz")).empty());
}

TEST_CASE("the same tensors make the same bytes, and names say that they are UTF-8 where they must") {
  const Folder folder;
  files::write_npz(folder.path("a.npz"), some_tensors());
  files::write_npz(folder.path("b.npz"), some_tensors());

  const std::string a = test::bytes_of_file(folder.path("a.npz"));

  CHECK(a == test::bytes_of_file(folder.path("b.npz")));
  const auto flags = [&](const std::string& name) {
    const std::size_t at = a.find(name + ".npy");
    REQUIRE(at != std::string::npos);
    return a[at - 30 + 7];  // the upper byte of a member's flags, in the 30 bytes before its name
  };
  CHECK(flags("größe/重み") == 8);
  CHECK(flags("layers/0/weight") == 0);
}

TEST_CASE("a name that no archive can have is refused before a file is made") {
  const Folder folder;
  const std::string path = folder.path("a.npz");
  const auto said = [&](const std::vector<NamedTensor>& tensors) {
    std::string error = error_of([&] { files::write_npz(path, tensors); });
    if (const auto at = error.find(folder.path()); at != std::string::npos) error.resize(at);
    return error;
  };
  const Tensor x = ones({1});

  CHECK(said({{"x", x}, {"x", x}}) ==
        "write_npz: two tensors have one name; give each its own: the tensor 'x' of ");
  CHECK(said({{"x", {}}}) == "write_npz: a tensor is undefined; leave it out: the tensor 'x' of ");
  CHECK(said({{"\xff", x}}).starts_with("write_npz: a name must be UTF-8 without zero bytes"));
  CHECK(
      said({{std::string("a\0b", 3), x}}).starts_with("write_npz: a name must be UTF-8 without zero bytes"));
  CHECK(said({{std::string(65532, 'a'), x}}).starts_with("write_npz: a name must have 65531 bytes at most"));
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(said({{std::string(65531, 'a'), x}}).empty());
  CHECK(files::read_npz(path)[0].name == std::string(65531, 'a'));
}

TEST_CASE("a write that fails leaves the old archive, and nothing beside it") {
  const Folder folder;
  const std::string path = folder.write("a.npz", "old");

  CHECK_FALSE(error_of([&] { files::write_npz(path, {{"x", {}}}); }).empty());
  CHECK(error_of([&] {
          files::write_npz(folder.path("no/folder"), {{"x", ones({1})}});
        }).starts_with("write_npz: the file cannot be written (No such file or directory)"));

  CHECK(test::bytes_of_file(path) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}
