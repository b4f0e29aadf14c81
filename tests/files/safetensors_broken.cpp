// Files that are not in order: each is an error that says what is wrong, and none is more than an error.

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::bytes_in;
using test::error_of;
using test::Folder;
using test::length;
using test::safetensors;

namespace {

constexpr const char* remedy = "; expected a whole file in the form of safetensors: write or fetch it again";

/// What is said of a file of these bytes, without its path and the remedy.
std::string said(const std::string& bytes) {
  static const Folder folder;
  const std::string path = folder.write("a", bytes), message = error_of([&] { files::read(path); });
  const std::string head = "files::read: ", tail = ": " + path + remedy;
  if (!message.starts_with(head) || !message.ends_with(tail)) return "?" + message;
  return message.substr(head.size(), message.size() - head.size() - tail.size());
}

/// The same of a header before two bytes of data.
std::string said_of(const std::string& header) { return said(safetensors(header, std::string("\0\1", 2))); }

/// The same of the entry of a tensor 'a'.
std::string said_of_entry(const std::string& entry) { return said_of(R"({"a":{)" + entry + "}}"); }

std::string references[] = {"every_type", "shapes", "unusual", "written", "layer"};

std::string reference(const std::string& name) {
  return bytes_in(XGRAD_TEST_DATA "/files/" + name + ".safetensors");
}

/// Reads every element of what is read.
void use(const files::Contents& file) {
  for (const auto& [name, t] : file.tensors) sum(t.to(float64));
}

}  // namespace

TEST_CASE("a header that is in order is read") {
  CHECK(said_of(R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})") == "?");
  CHECK(said_of(R"({"__metadata__":null,"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}} )") == "?");
}

TEST_CASE("a length that cannot be one is an error") {
  CHECK(said("") == "the file is empty");
  CHECK(said("\x01\0\0") == "the file ends at byte 1, before its first 8 bytes");
  CHECK(said(length(0)) == "the header must begin with '{' at byte 8");
  CHECK(said(length(2) + "[]") == "the header must begin with '{' at byte 8");
  CHECK(said(length(3) + "{}") == "the file ends at byte 10, before the end of its header at 11");
  CHECK(said(length(100'000'000) + "{}") ==
        "the file ends at byte 10, before the end of its header at 100000008");
  CHECK(said(length(100'000'001) + "{}") ==
        "the length of the header, bytes 0 to 7, must be at most 100000000: it is 100000001");
  CHECK(said(std::string(16, '\xff')) ==
        "the length of the header, bytes 0 to 7, must be at most 100000000: it is 18446744073709551615");
}

TEST_CASE("files of other forms are named") {
  const std::string rest(20, 'x');
  CHECK(said("PK\3\4" + rest) == "this is a zip archive, as NumPy's .npz and PyTorch's .pt are");
  CHECK(said("\x93NUMPY" + rest) == "this is an array of NumPy's (.npy)");
  CHECK(said("\x89HDF\r\n\x1a\n" + rest) == "this is a file of HDF5");
  CHECK(said("\x80\2}q" + rest) == "this is a pickle of Python's");
  CHECK(said("\x1f\x8b" + rest) == "this is compressed by gzip");
  CHECK(said("GGUF" + rest) == "this is a file of GGUF");
}

TEST_CASE("a header that is no JSON of the right form is an error") {
  CHECK(said_of("{") == "the header is no JSON at byte 9 of the file");
  CHECK(said_of("{}{}") == "the header is no JSON at byte 10 of the file");
  CHECK(said_of(R"({"a":{"dtype":"BOOL",}})") == "the header is no JSON at byte 29 of the file");
  CHECK(said_of("{\"\xff\":1}") == "the header is no JSON at byte 10 of the file");
  CHECK(said_of(R"({"a":1})") == "the entry of 'a' must be an object");
  CHECK(said_of(R"({"a":[]})") == "the entry of 'a' must be an object");
  CHECK(said_of(R"({"a":null})") == "the entry of 'a' must be an object");
  CHECK(said_of(R"({"__metadata__":5})") == "the entry of '__metadata__' must be an object");
  CHECK(said_of(R"({"__metadata__":{"b":5}})") == "the metadata of 'b' must be a text");
  CHECK(said_of(R"({"__metadata__":{"b":{}}})") == "the metadata of 'b' must be a text");
  CHECK(said_of(R"({"__metadata__":{"b":["x"]}})") == "the metadata of 'b' must be a text");
  CHECK(said_of(R"({"__metadata__":{"b":"x","b":"y"}})") == "the metadata name 'b' must occur once");
  CHECK(said_of(R"({"__metadata__":{},"__metadata__":{}})") ==
        "the entry of \"__metadata__\" must occur once");
}

TEST_CASE("an entry of another form is an error that names the tensor") {
  const std::string of_a = "tensor 'a': ";
  CHECK(said_of_entry("") == of_a + "it needs a dtype, a shape and data_offsets");
  CHECK(said_of_entry(R"("dtype":"BOOL","shape":[2])") ==
        of_a + "it needs a dtype, a shape and data_offsets");
  CHECK(said_of_entry(R"("dtype":"BOOL","data_offsets":[0,2])") ==
        of_a + "it needs a dtype, a shape and data_offsets");
  CHECK(said_of_entry(R"("shape":[2],"data_offsets":[0,2])") ==
        of_a + "it needs a dtype, a shape and data_offsets");
  CHECK(said_of_entry(R"("dtype":"BOOL","dtype":"U8")") == of_a + "its field 'dtype' must occur once");
  CHECK(said_of_entry(R"("shape":[2],"shape":[2])") == of_a + "its field 'shape' must occur once");
  CHECK(said_of_entry(R"("dtype":"C64")") ==
        of_a + "the dtype must be BOOL, U8 to U64, I8 to I64, F16, BF16, F32 or F64: it is 'C64'");
  CHECK(said_of_entry(R"("dtype":5)") == of_a + "its 'dtype' has another form than it must have");
  CHECK(said_of_entry(R"("dtype":["F32"])") == of_a + "its 'dtype' has another form than it must have");
  CHECK(said_of_entry(R"("shape":2)") == of_a + "its 'shape' has another form than it must have");
  CHECK(said_of_entry(R"("shape":{})") == of_a + "its 'shape' has another form than it must have");
  CHECK(said_of_entry(R"("shape":[-1])") == of_a + "its shape must be a list of sizes");
  CHECK(said_of_entry(R"("shape":[1.0])") == of_a + "its shape must be a list of sizes");
  CHECK(said_of_entry(R"("shape":[[2]])") == of_a + "its shape must be a list of sizes");
  CHECK(said_of_entry(R"("shape":["2"])") == of_a + "its shape must be a list of sizes");
  CHECK(said_of_entry(R"("shape":[18446744073709551616])") == of_a + "its shape must be a list of sizes");
  CHECK(said_of_entry(R"("shape":[9223372036854775808])") ==
        of_a + "the size 9223372036854775808 of an axis must be below 2^63");
  CHECK(said_of_entry(R"("data_offsets":[0,2,2])") == of_a + "its data_offsets must be two numbers");
  CHECK(said_of_entry(R"("data_offsets":[0,-2])") == of_a + "its data_offsets must be two numbers");
  CHECK(said_of_entry(R"("dtype":"BOOL","shape":[2],"data_offsets":[0])") ==
        of_a + "its data_offsets must be two numbers");
  std::string axes = "1";
  for (int i = 0; i < 32; ++i) axes += ",1";
  CHECK(said_of_entry("\"shape\":[" + axes + "]") == of_a + "a tensor must have at most 32 axes");
}

TEST_CASE("neither nesting nor lengths cost more than the header's own bytes") {
  const std::string deep(1'000'000, '['), objects = [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "{\"x\":";
    return text;
  }();
  CHECK(said_of("{\"a\":" + deep) == "the entry of 'a' must be an object");
  CHECK(said_of_entry("\"x\":" + deep) == "tensor 'a': a field must not be nested so deeply");
  CHECK(said_of_entry("\"x\":" + objects) == "tensor 'a': a field must not be nested so deeply");
  CHECK(said_of_entry("\"shape\":" + deep) == "tensor 'a': its shape must be a list of sizes");
}

TEST_CASE("places that are not those of the data are an error") {
  const auto entry = [](const char* name, const char* shape, const char* offsets) {
    return std::string("\"") + name + R"(":{"dtype":"BOOL","shape":)" + shape +
           ",\"data_offsets\":" + offsets + "}";
  };
  CHECK(said_of("{" + entry("a", "[1]", "[0,1]") + "," + entry("b", "[1]", "[1,2]") + "}") == "?");
  CHECK(said_of("{" + entry("b", "[1]", "[1,2]") + "," + entry("a", "[1]", "[0,1]") + "}") == "?");
  CHECK(said_of("{" + entry("a", "[1]", "[0,1]") + "," + entry("e", "[0]", "[1,1]") + "," +
                entry("b", "[1]", "[1,2]") + "}") == "?");
  CHECK(said_of("{" + entry("a", "[1]", "[0,1]") + "," + entry("a", "[1]", "[1,2]") + "}") ==
        "tensor 'a': a name must occur once");
  CHECK(said_of("{" + entry("a", "[1]", "[1,2]") + "}") ==
        "tensor 'a': its data_offsets [1, 2] must begin at 0, where the last one ends");
  CHECK(said_of("{" + entry("a", "[2]", "[0,2]") + "," + entry("b", "[1]", "[1,2]") + "}") ==
        "tensor 'b': its data_offsets [1, 2] must begin at 2, where the last one ends");
  CHECK(said_of("{" + entry("a", "[1]", "[0,1]") + "}") ==
        "the tensors end at byte 64, the file at byte 65: they must end together");
  CHECK(said_of("{}") == "the tensors end at byte 10, the file at byte 12: they must end together");
  CHECK(said_of("{" + entry("a", "[3]", "[0,3]") + "}") ==
        "tensor 'a': its data_offsets [0, 3] must lie in the 2 bytes behind the header");
  CHECK(said_of("{" + entry("a", "[3]", "[0,18446744073709551615]") + "}") ==
        "tensor 'a': its data_offsets [0, 18446744073709551615] must lie in the 2 bytes behind the header");
  CHECK(said_of("{" + entry("e", "[0]", "[0,0]") + "," + entry("a", "[2]", "[2,0]") + "}") ==
        "tensor 'a': its data_offsets [2, 0] must begin at 0, where the last one ends");
  CHECK(said_of("{" + entry("a", "[1]", "[0,2]") + "}") ==
        "tensor 'a': its data_offsets [0, 2] must hold 1 bytes for its dtype and shape");
  CHECK(said_of("{" + entry("a", "[]", "[0,2]") + "}") ==
        "tensor 'a': its data_offsets [0, 2] must hold 1 bytes for its dtype and shape");
}

TEST_CASE("sizes whose product is no number of 64 bits are an error") {
  const std::string many = "tensor 'a': a tensor must have at most 2^45 elements";
  for (const char* shape : {"4294967296,4294967296,2", "9223372036854775807", "35184372088833",
                            "0,9223372036854775807", "0,4294967296,4294967296,2", "4294967296,4294967296,0"})
    CHECK(said_of_entry(std::string(R"("dtype":"F64","data_offsets":[0,2],"shape":[)") + shape + "]") ==
          many);
  CHECK(said_of_entry(R"("dtype":"F64","data_offsets":[0,2],"shape":[35184372088832])") ==
        "tensor 'a': its data_offsets [0, 2] must hold 281474976710656 bytes for its dtype and shape");
}

TEST_CASE("elements that a tensor cannot hold are an error") {
  CHECK(said(safetensors(R"({"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})",
                         std::string("\0\1\2", 3))) ==
        "tensor 'a': a boolean must be 0 or 1: element 2 is 2");
  CHECK(said(safetensors(R"({"a":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}})",
                         length(std::uint64_t{1} << 63) + length(1))) ==
        "tensor 'a': an unsigned integer must be below 2^63: element 0 is 9223372036854775808");
}

TEST_CASE("a name in a message has no control characters and is not long") {
  CHECK(said_of(R"({"a\n\u0007b":5})") == "the entry of 'a??b' must be an object");
  CHECK(said_of("{\"" + std::string(1000, 'a') + "\":5}") ==
        "the entry of '" + std::string(80, 'a') + "...' must be an object");
}

TEST_CASE("a file that is cut off at any byte is an error, and so is one with a byte too many") {
  for (const std::string& name : references) {
    const std::string whole = reference(name);
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_MESSAGE(!said(whole.substr(0, n)).starts_with('?'), name, " at ", n);
    CHECK(said(whole + '\0').ends_with("they must end together"));
  }
}

TEST_CASE("files with any bytes changed are read or an error") {
  std::mt19937 random(14);  // NOLINT: the same changes in each run
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const Folder folder;
  std::size_t read = 0, refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes = reference(references[below(std::size(references))]);
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(bytes.size());
      const std::size_t kind = below(4);
      if (kind == 0) bytes[at] = static_cast<char>(below(256));
      if (kind == 1) bytes[at] = "0123456789[]{},:\" \\u"[below(20)];
      if (kind == 2) bytes.erase(at, 1 + below(4));
      if (kind == 3) bytes.insert(at, 1, static_cast<char>(below(256)));
    }
    // Half of them with a length that fits, so that the header is reached.
    if (const std::size_t end = bytes.rfind('}');
        below(2) == 0 && bytes.size() > 8 && end != std::string::npos && end > 8)
      bytes.replace(0, 8, length(end - 7));
    const std::string path = folder.write("a", bytes);
    try {
      use(files::read(path));
      ++read;
    } catch (const Error& e) {
      ++refused;
      if (std::string(e.what()).find(path) == std::string::npos) FAIL_CHECK(e.what());
    }
  }
  CHECK(read > 100);
  CHECK(refused > 5000);
}
