#include "xgrad/files/npy.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "reference.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

/// An array as it lies in a file.
std::string array_file(int version, const std::string& header, const std::string& data) {
  const std::size_t n = header.size();
  std::string file = "\x93NUMPY";
  file += {static_cast<char>(version), '\0', static_cast<char>(n & 0xff), static_cast<char>(n >> 8)};
  if (version > 1) file += {static_cast<char>(n >> 16), static_cast<char>(n >> 24)};
  return file + header + data;
}

std::string header_of(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + "}";
}

std::string error_of_reading(const std::string& bytes) {
  const Folder folder;
  const std::string path = folder.write("a.npy", bytes);
  std::string error = error_of([&] { files::read_npy(path); });
  if (const auto at = error.find(folder.path()); at != std::string::npos)
    error.replace(at, folder.path().size(), "");
  return error;
}

}  // namespace

TEST_CASE("an array of NumPy is read") {
  test::check_tensor(files::read_npy(test::reference_file("matrix.npy")),
                     test::reference("numpy_torch.json")["matrix.npy"][0][1], "matrix");
}

TEST_CASE("halves of every exponent become float32, subnormals, infinities and nans among them") {
  test::check_tensor(files::read_npy(test::reference_file("halves.npy")),
                     test::reference("numpy_torch.json")["halves.npy"][0][1], "halves");
}

TEST_CASE("a header is accepted or refused as by NumPy 1.24, in each version of the format") {
  const auto table = test::reference("headers.json");
  std::string data;
  for (const auto& byte : table["data"]) data += static_cast<char>(byte.get<int>());
  const Folder folder;

  std::size_t accepted = 0, refused = 0;
  for (const auto& row : table["rows"]) {
    const std::string header =
        row["header"].get<std::string>() + std::string(row["blanks"].get<std::size_t>(), ' ');
    const int version = row["version"].get<int>();
    const std::string part = row.contains("bytes") ? data.substr(0, row["bytes"].get<std::size_t>()) : data;
    const std::string path = folder.write("a.npy", array_file(version, header, part));
    INFO(header.substr(0, 100), " in version ", version);
    if (row.contains("shape")) {
      ++accepted;
      test::check_tensor(files::read_npy(path), row, header.substr(0, 100));
    } else {
      ++refused;
      CHECK(error_of([&] { files::read_npy(path); }).starts_with("read_npy: "));
    }
  }
  CHECK(accepted > 50);
  CHECK(refused > 80);
}

TEST_CASE("what is written has the bytes of NumPy's own file") {
  const Folder folder;
  const std::string path = folder.path("a.npy");

  files::write_npy(path, tensor({{0., 1., 2.}, {3., 4., 5.}}));

  CHECK(test::bytes_of_file(path) == test::bytes_of_file(test::reference_file("matrix.npy")));
}

TEST_CASE("every dtype and shape comes back from a file with the same bits") {
  const Folder folder;
  const std::string path = folder.path("a.npy");
  const Tensor halves =
      files::read_npy(test::reference_file("halves.npy"));  // with nans and zeros of both signs
  const std::vector<Tensor> all = {halves,
                                   halves.to(float64),
                                   tensor({1, -2, INT64_MAX}),
                                   tensor({{true}, {false}}),
                                   full({}, 0.1, float64),
                                   zeros({0}),
                                   zeros({2, 0, 3}),
                                   arange(7),
                                   ones({1, 2, 1, 2, 1, 2, 1}),
                                   arange(100000.).reshape({10, 10000}),
                                   zeros(Shape::filled(32, 1))};

  for (const Tensor& x : all) {
    files::write_npy(path, x);

    StateDict before, after;
    before.set("x", x);
    after.set("x", files::read_npy(path));
    CHECK_MESSAGE(same(before, after), x.describe());
    CHECK(test::bytes_of_file(path).find('\n') % 64 == 63);
  }
}

TEST_CASE("a result of recorded ops is written, and what is read is a leaf") {
  const Folder folder;
  const Tensor w = ones({2}, {.requires_grad = true});

  files::write_npy(folder.path("a.npy"), w * 3);
  const Tensor x = files::read_npy(folder.path("a.npy"));

  CHECK(x.is_leaf());
  CHECK_FALSE(x.requires_grad());
  CHECK(x.to_vector<float>() == std::vector<float>{3, 3});
}

TEST_CASE("an unsigned integer beyond int64 is refused with its place") {
  std::string data(16, '\0');
  data[15] = '\x80';

  CHECK(error_of_reading(array_file(1, header_of("<u8", "(2,)"), data)) ==
        "read_npy: element 1 is 9223372036854775808, and an int64 holds at most 2^63 - 1; save the array as "
        "float64 "
        "or int64: /a.npy");
  data[15] = '\x7f';
  CHECK(error_of_reading(array_file(1, header_of("<u8", "(2,)"), data)).empty());
}

TEST_CASE("dtypes without a place here are refused by what they are") {
  const auto said = [](const std::string& descr) {
    const std::string error =
        error_of_reading(array_file(1, header_of(descr, "(1,)"), std::string(16, '\0')));
    return error.substr(0, error.find(", the dtype"));
  };

  CHECK(said("<c8") == "read_npy: the elements are complex numbers");
  CHECK(said("|O") == "read_npy: the elements are Python objects, which are pickled");
  CHECK(said("<U4") == "read_npy: the elements are texts");
  CHECK(said("|S4") == "read_npy: the elements are texts");
  CHECK(said("<M8[ns]") == "read_npy: the elements are dates or spans of time");
  CHECK(said("|V16") == "read_npy: the elements are raw bytes");
  CHECK(said("<f16") == "read_npy: the elements are a type that xgrad has no room for");
  CHECK(error_of_reading(
            array_file(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234")) ==
        "read_npy: the array is of records with fields; save each field as an array of its own: /a.npy");
}

TEST_CASE("errors of arrays say what is wrong and where") {
  CHECK(error_of_reading("") == "read_npy: the file is empty: /a.npy");
  CHECK(error_of_reading("PK\3\4") ==
        "read_npy: this is no array in NumPy's format: it must begin with \\x93NUMPY; save it by np.save: "
        "/a.npy");
  CHECK(error_of_reading(array_file(4, header_of("<f4", "(1,)"), "1234")) ==
        "read_npy: the version of the format is 4.0 and must be 1.0, 2.0 or 3.0; save the array by another "
        "version of "
        "NumPy: /a.npy");
  CHECK(error_of_reading(array_file(1, header_of("<f4", "(2, 3)"), "1234")) ==
        "read_npy: the header says shape [2, 3] of 4 bytes each, 24 bytes, and 4 bytes follow; get the file "
        "again, or "
        "save one array in a file: /a.npy");
  CHECK(error_of_reading(array_file(1, header_of("<f4", "(1,)"), "12345678")) ==
        "read_npy: the header says shape [1] of 4 bytes each, 4 bytes, and 8 bytes follow; get the file "
        "again, or save "
        "one array in a file: /a.npy");
  CHECK(error_of_reading(
            array_file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "1234")) ==
        "read_npy: the header has the key 'x'; it must have the keys descr, fortran_order and shape and no "
        "other: "
        "/a.npy");
  CHECK(error_of_reading(array_file(1, "{'descr' '<f4'}", "")) ==
        "read_npy: the header must have a colon behind the key at its byte 9; get the file again: /a.npy");
  CHECK(error_of_reading(array_file(2, std::string(10001, ' '), "")) ==
        "read_npy: the header must have 10,000 bytes at most, and it has 10001; get the file again: /a.npy");
}

TEST_CASE("no size is believed before the file has been measured") {
  CHECK(error_of_reading(array_file(1, header_of("<f8", "(1099511627776,)"), "12345678"))
            .find("8796093022208 bytes, and 8 bytes follow") != std::string::npos);
  CHECK(error_of_reading(array_file(1, header_of("<f8", "(4294967296, 4294967296, 4294967296)"), "")) ==
        "read_npy: no memory can hold so much, the shape is [4294967296, 4294967296, 4294967296]; get the "
        "file again: "
        "/a.npy");
  CHECK(
      error_of_reading(array_file(1, header_of("<f8", "(0, 70368744177664)"), "")).starts_with("read_npy: "));
  CHECK(error_of_reading(array_file(1, header_of("<f8", "(0, 1099511627776)"), "")).empty());
  CHECK(error_of_reading(array_file(2, header_of("<f4", "(1,)"), "")).starts_with("read_npy: "));
}

TEST_CASE("an array that is cut off at any byte is an error, and nothing else") {
  const std::string whole = test::bytes_of_file(test::reference_file("matrix.npy"));

  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK(error_of_reading(whole.substr(0, n)).starts_with("read_npy: "));
}

TEST_CASE("what is no file is refused") {
  const Folder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(error_of([&] { files::read_npy(folder.path()); }) ==
        "read_npy: this is a directory and not a file: " + folder.path());
  CHECK(error_of([&] { files::read_npy(pipe); }) ==
        "read_npy: this is a device, a pipe or a socket; save what it gives to a file first: " + pipe);
  CHECK(error_of([&] { files::read_npy(folder.path("none")); }) ==
        "read_npy: the file cannot be opened (No such file or directory): " + folder.path("none"));
  CHECK(error_of([&] {
          files::write_npy(pipe, ones({1}));
        }).starts_with("write_npy: the file cannot be written"));
  CHECK(error_of([&] {
          files::write_npy(folder.path("no/folder"), ones({1}));
        }).starts_with("write_npy: the file cannot be written (No such file or directory)"));
}

TEST_CASE("a failed write leaves the old file") {
  const Folder folder;
  const std::string path = folder.write("a.npy", "old");

  CHECK(error_of([&] { files::write_npy(path, Tensor()); }).find("write_npy: ") == 0);

  CHECK(test::bytes_of_file(path) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}
