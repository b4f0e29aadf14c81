#include "xgrad/data/idx.hpp"

#include <doctest/doctest.h>

#include "files.hpp"

using namespace xgrad;
using test::Folder;

namespace {

using namespace std::string_literals;

// The message with FILE for the path of the file.
std::string error(const std::string& bytes, std::optional<DType> dtype = {}) {
  const Folder folder;
  const std::string path = folder.write("data.idx", bytes);
  std::string message = test::error_of([&] { data::read_idx(path, dtype); });
  if (const auto at = message.find(path); at != std::string::npos) message.replace(at, path.size(), "FILE");
  return message;
}

Tensor read(const std::string& bytes, std::optional<DType> dtype = {}) {
  const Folder folder;
  return data::read_idx(folder.write("data.idx", bytes), dtype);
}

const std::string two_by_three = "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"s;

}  // namespace

TEST_CASE("unsigned bytes become int64") {
  const Tensor x = read(two_by_three + "\x00\x01\x02\x7f\x80\xff"s);

  CHECK(x.describe() == "i64[2, 3]");
  CHECK(x.to_vector<int>() == std::vector<int>{0, 1, 2, 127, 128, 255});
}

TEST_CASE("signed integers of one, two and four bytes") {
  CHECK(read("\0\0\x09\x01\0\0\0\x03\x7f\x80\xff"s).to_vector<int>() == std::vector<int>{127, -128, -1});
  CHECK(read("\0\0\x0B\x01\0\0\0\x03\x7f\xff\x80\x00\xff\xfe"s).to_vector<int>() ==
        std::vector<int>{32767, -32768, -2});
  CHECK(read("\0\0\x0C\x01\0\0\0\x03\x00\x01\x00\x00\x80\x00\x00\x00\xff\xff\xff\xff"s).to_vector<int>() ==
        std::vector<int>{65536, INT32_MIN, -1});
}

TEST_CASE("floating numbers keep their type") {
  const Tensor f = read("\0\0\x0D\x01\0\0\0\x02\x3f\xc0\x00\x00\xc0\x00\x00\x00"s);
  const Tensor d = read("\0\0\x0E\x01\0\0\0\x01\x3f\xb9\x99\x99\x99\x99\x99\x9a"s);

  CHECK(f.dtype() == float32);
  CHECK(f.to_vector<float>() == std::vector<float>{1.5, -2});
  CHECK(d.dtype() == float64);
  CHECK(d.item() == 0.1);
}

TEST_CASE("a dtype can be asked for") {
  const Tensor x = read(two_by_three + "\x01\x02\x03\x04\x05\xff"s, float32);

  CHECK(x.describe() == "f32[2, 3]");
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 255});
}

TEST_CASE("arrays of no axis and of no element") {
  CHECK(read("\0\0\x08\0\x07"s).describe() == "i64[]");
  CHECK(read("\0\0\x08\x02\0\0\0\0\0\0\0\x05"s).describe() == "i64[0, 5]");
}

TEST_CASE("a compressed file reads the same") {
  const std::string header = "\0\0\x08\x01\0\x01\x86\xa0"s;  // 100,000
  std::string bytes;
  for (long long i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * i % 251);

  const Tensor plain = read(header + bytes);
  const Tensor packed = read(test::compressed(header + bytes));

  CHECK(plain.to_vector<int>() == packed.to_vector<int>());
  CHECK(plain.at<int>({99'999}) == 99'999LL * 99'999 % 251);
}

TEST_CASE("a wrong magic number") {
  CHECK(error("\x89PNG....") ==
        "read_idx: not an IDX file, it starts with 89 50 4e 47 where 00 00, one of 08 09 0b 0c 0d 0e and the "
        "number of "
        "axes are expected: FILE");
  CHECK(error("\0\0\x0A\x01\0\0\0\0"s).starts_with("read_idx: not an IDX file, it starts with 00 00 0a 01 "));
  CHECK(
      error("\x01\0\x08\x01\0\0\0\0"s).starts_with("read_idx: not an IDX file, it starts with 01 00 08 01 "));
}

TEST_CASE("a file that ends in its header") {
  CHECK(error("") == "read_idx: the file is empty: FILE");
  CHECK(error("\0\0\x08"s) == "read_idx: the file ends in its magic number of 4 bytes; get it again: FILE");
  CHECK(error("\0\0\x08\x02\0\0\0\x02\0\0"s) ==
        "read_idx: the file ends in its header, where 2 sizes of 4 bytes are expected: FILE");
}

TEST_CASE("a file with fewer elements than its sizes say") {
  CHECK(error(two_by_three + "12345") ==
        "read_idx: the size is wrong, the header says [2, 3] elements of 1 bytes and the file is too short; "
        "get the file again: FILE");
}

TEST_CASE("a compressed file with fewer elements than its sizes say") {
  CHECK(error(test::compressed(two_by_three + "12345")) ==
        "read_idx: the size is wrong, the header says [2, 3] elements of 1 bytes and the file ends after 5 "
        "bytes; get the file again: FILE");
}

TEST_CASE("a file with more elements than its sizes say") {
  CHECK(error(two_by_three + "1234567") ==
        "read_idx: the size is wrong, the header says [2, 3] elements of 1 bytes and more bytes follow them; "
        "get the file again: FILE");
}

TEST_CASE("sizes too large for the file are found before memory is taken") {
  CHECK(error("\0\0\x0E\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s) ==
        "read_idx: the size is wrong, the header says [4294967295, 4294967295, 4294967295] elements of 8 "
        "bytes and the file is too short; get the file again: FILE");
  CHECK(error(test::compressed("\0\0\x08\x02\x7f\xff\xff\xff\x00\xff\xff\xff"s)) ==
        "read_idx: the size is wrong, the header says [2147483647, 16777215] elements of 1 bytes and the "
        "file is too short; get the file again: FILE");
}

TEST_CASE("sizes beyond those of a tensor are errors about the file, also where one is 0") {
  CHECK(error("\0\0\x08\x03\0\0\0\0\0\x01\0\0\xff\xff\xff\xff"s) ==
        "read_idx: too many elements: the shape is [0, 65536, 4294967295]; a tensor holds at most 2^45 "
        "elements: FILE");
}

TEST_CASE("more axes than a tensor can have") {
  CHECK(error("\0\0\x08\x21"s) == "read_idx: a tensor must have 32 axes at most, and there are 33: FILE");
}

TEST_CASE("a dtype that cannot hold the elements") {
  CHECK(error("\0\0\x0D\x01\0\0\0\x01\x3f\xc0\x00\x00"s, int64) ==
        "read_idx: elements stored as f32 cannot become i64; ask for f32: FILE");
  CHECK(error(two_by_three + "123456", boolean) ==
        "read_idx: elements stored as integers cannot become bool; ask for i64: FILE");
}

TEST_CASE("a compressed file that ends early or is damaged") {
  std::string bytes = test::compressed(two_by_three + "123456");
  CHECK(error(bytes.substr(0, bytes.size() - 1)) ==
        "read_idx: the compressed data ends early; get the file again: FILE");

  bytes[bytes.size() - 6] ^= 1;
  CHECK(error(bytes) ==
        "read_idx: the compressed data is damaged (incorrect data check); get the file again: FILE");
}

TEST_CASE("files that are not there or are directories") {
  const Folder folder;

  CHECK(test::error_of([] { data::read_idx("/no/such/file"); }) ==
        "read_idx: the file cannot be opened (No such file or directory): /no/such/file");
  CHECK(test::error_of([&] { data::read_idx(folder.path()); }) ==
        "read_idx: this is a directory and not a file: " + folder.path());
}
