// Files in the form of safetensors: what an independent program wrote, and what we write.

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using test::bytes_in;
using test::error_of;
using test::Folder;

namespace {

using Integers = std::vector<std::int64_t>;

std::string reference(const std::string& name) { return XGRAD_TEST_DATA "/files/" + name + ".safetensors"; }

/// Bits, so that a nan is what it is.
template <class T, class Bits>
std::vector<Bits> bits_of(const Tensor& t) {
  std::vector<Bits> bits;
  for (const T v : t.data<T>()) bits.push_back(std::bit_cast<Bits>(v));
  return bits;
}

std::vector<std::uint32_t> bits32(const Tensor& t) { return bits_of<float, std::uint32_t>(t); }

/// What IEEE 754 says of a half, by its formula.
float value_of_half(std::uint32_t bits) {
  const auto exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
  const double size = exponent == 31 && fraction ? std::numeric_limits<double>::quiet_NaN()
                      : exponent == 31           ? std::numeric_limits<double>::infinity()
                      : exponent == 0            ? std::ldexp(fraction, -24)
                                                 : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>(bits & 0x8000 ? -size : size);
}

}  // namespace

TEST_CASE("every type of elements is read, narrow integers as int64 and halves as float32") {
  const files::Contents file = files::read(reference("every_type"));

  for (const int bits : {8, 16, 32, 64}) {
    const std::int64_t most = bits == 64 ? INT64_MAX : (std::int64_t{1} << (bits - 1)) - 1;
    CHECK(file.at("i" + std::to_string(bits)).to_vector<std::int64_t>() ==
          Integers{-most - 1, -1, 0, 1, most});
    const std::int64_t top = bits == 64 ? INT64_MAX : 2 * most + 1;
    CHECK(file.at("u" + std::to_string(bits)).to_vector<std::int64_t>() == Integers{0, 1, top / 2 + 1, top});
  }
  CHECK(bits_of<double, std::uint64_t>(file.at("f64")) ==
        std::vector<std::uint64_t>{0, 1ULL << 63, std::bit_cast<std::uint64_t>(1.5),
                                   std::bit_cast<std::uint64_t>(-0x1p-20), 0x7ffULL << 52, 0xfffULL << 52,
                                   0x7ff8ULL << 48, 1, std::bit_cast<std::uint64_t>(0.1)});
  CHECK(bits32(file.at("f32")) == std::vector<std::uint32_t>{0, 1U << 31, std::bit_cast<std::uint32_t>(1.5F),
                                                             std::bit_cast<std::uint32_t>(-0x1p-20F),
                                                             0x7f800000, 0xff800000, 0x7fc00000, 1,
                                                             std::bit_cast<std::uint32_t>(0.1F)});
  CHECK(bits32(file.at("f16")) == bits32(file.at("f16 as f32")));
  CHECK(bits32(file.at("bf16")) == bits32(file.at("bf16 as f32")));
  CHECK(file.at("bool").to_vector<bool>() == std::vector<bool>{true, false, true});
  CHECK(file.at("bool").shape() == Shape{1, 3});
  CHECK(file.metadata == files::Metadata{{"format", "pt"}});
}

TEST_CASE("all 65536 halves have the value of their formula") {
  std::string data(std::size_t{2} << 16, '\0');
  for (std::uint32_t i = 0; i < 1U << 16; ++i)
    data[2 * i] = static_cast<char>(i), data[2 * i + 1] = static_cast<char>(i >> 8);
  const Folder folder;
  const std::string path = folder.write(
      "a", test::safetensors(R"({"a":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}})", data));

  const Tensor a = files::read(path).at("a");

  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < 1U << 16; ++i) {
    const float expected = value_of_half(i), value = a.data<float>()[i];
    if (std::isnan(expected) ? !std::isnan(value)
                             : std::bit_cast<std::uint32_t>(expected) != std::bit_cast<std::uint32_t>(value))
      ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("shapes without axes, without elements and with 32 axes are read") {
  const files::Contents file = files::read(reference("shapes"));

  CHECK(file.at("scalar").shape() == Shape{});
  CHECK(file.at("scalar").item<double>() == 2.5);
  CHECK(file.at("empty").shape() == Shape{0});
  CHECK(file.at("empty rows").shape() == Shape{3, 0, 2});
  CHECK(file.at("matrix").to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(file.at("matrix").shape() == Shape{2, 3});
  CHECK(file.at("32 axes").shape().rank() == 32);
  CHECK(file.at("32 axes").to_vector<float>() == std::vector<float>{0, 1});
}

TEST_CASE("a header in another layout, fields that are not known, and data that are not aligned are read") {
  const files::Contents file = files::read(reference("unusual"));

  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].name == "a/ü");
  CHECK(file.tensors[1].name == "b");
  CHECK(file.tensors[2].name == "c");
  CHECK(file.at("b").to_vector<double>() == std::vector<double>{0.1, 0.2});
  CHECK(file.at("c").to_vector<std::int64_t>() == Integers{7, -7});
  CHECK(file.metadata == files::Metadata{{"note", "two\nlines, \"quotes\" and \U0001f600"}, {"", ""}});
  CHECK(file.contains("b"));
  CHECK_FALSE(file.contains("B"));
  CHECK(error_of([&] { static_cast<void>(file.at("B")); }) ==
        "files::Contents: there is no 'B' among its 3 tensors; contains() says whether there is");
}

TEST_CASE("a file has the bytes that an independent writer gives it") {
  const Folder folder;
  StateDict state;
  state.set("mask", tensor({true, false, true}));
  state.set("note", "q");
  state.set("ä", tensor(3.0F));
  state.set("note", "\"q\"");
  state.set("a", tensor({1.5F, -2.5F}));
  state.set("z", tensor({{0.5}, {1e300}}, {.dtype = float64}));
  state.set("n", tensor({3, -4}));

  files::save(folder.path("a"), state, {.metadata = {{"epoch", "3"}}});

  CHECK(bytes_in(folder.path("a")) == bytes_in(reference("written")));
}

TEST_CASE("tensors come back with their bits, in the order of the file") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");
  Generator generator(1);
  const std::vector<NamedTensor> tensors{{"w", randn({3, 5}, float32, generator)},
                                         {"x", randn({7}, float64, generator)},
                                         {"i", randint(-9, 9, {2, 2}, {}, generator)},
                                         {"b", bernoulli(0.5, {11}, boolean, generator)},
                                         {"", tensor(1.0F)},
                                         {"none", zeros({0, 4})}};

  files::save(path, tensors);
  const files::Contents file = files::read(path);

  std::string order;
  for (const auto& [name, t] : file.tensors) order += name + ",";
  CHECK(order == "i,x,,none,w,b,");
  for (const auto& [name, t] : tensors) {
    StateDict one, other;
    one.set("t", t), other.set("t", file.at(name));
    CHECK(same(one, other));
  }
  CHECK(file.metadata.empty());
}

TEST_CASE("nothing but a header is a file") {
  const Folder folder;

  files::save(folder.path("a"), std::vector<NamedTensor>{});

  CHECK(bytes_in(folder.path("a")) == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  CHECK(files::read(folder.path("a")).tensors.empty());
}

TEST_CASE("tensors share the pages of the file, and writes to them stay in the process") {
  const Folder folder;
  const std::string path = folder.path("a");
  files::save(path, {{"a", ones({4096})}});
  const std::string before = bytes_in(path);

  Tensor a = files::read(path).at("a"), other = files::read(path).at("a");
  a.fill_(5);

  CHECK(a.to_vector<float>()[4095] == 5);
  CHECK(other.to_vector<float>()[4095] == 1);
  CHECK(bytes_in(path) == before);
}

TEST_CASE("a tensor outlives what it was read with, and a file that takes its file's place") {
  const Folder folder;
  const std::string path = folder.path("a");
  files::save(path, {{"a", full({1000}, 3.0F)}});

  const Tensor a = files::read(path).at("a");
  files::save(path, {{"a", a + 1}});
  const Tensor b = files::read(path).at("a");
  std::filesystem::remove(path);

  CHECK(a.sum().item() == 3000);
  CHECK(b.sum().item() == 4000);
}

TEST_CASE("a mapped tensor takes part in ops and has a gradient") {
  const Folder folder;
  files::save(folder.path("a"), {{"m", full({3, 3}, 2.0)}, {"x", ones({17})}});
  const files::Contents file = files::read(folder.path("a"));

  Tensor x = file.at("x");
  x.requires_grad_();
  sum(x * x).backward();

  CHECK(x.grad().to_vector<float>() == std::vector<float>(17, 2));
  CHECK(matmul(file.at("m"), file.at("m")).to_vector<float>() == std::vector<float>(9, 12));
}

TEST_CASE("what cannot be written is an error that leaves no file") {
  const Folder folder;
  const std::string path = folder.path("a");
  const auto said = [&](const std::vector<NamedTensor>& tensors, const files::Metadata& metadata = {}) {
    std::string message = error_of([&] { files::save(path, tensors, {.metadata = metadata}); });
    CHECK(std::filesystem::is_empty(folder.path()));
    return message;
  };
  const Tensor a = ones({2});

  CHECK(said({{"a", a}, {"b", a}, {"a", a}}) == "files::save: a name must occur once: 'a': " + path);
  CHECK(said({{"a", Tensor()}}) == "files::save: tensor 'a' is undefined: " + path + "; leave it out");
  CHECK(said({{"__metadata__", a}}) ==
        "files::save: '__metadata__' must not be the name of a tensor: " + path);
  CHECK(said({{"a\xff", a}}) == "files::save: names and texts must be UTF-8: \"a\xef\xbf\xbd\": " + path);
  CHECK(said({{"a", a}}, {{"b", "\xc3"}}) ==
        "files::save: names and texts must be UTF-8: \"\xef\xbf\xbd\": " + path);
  CHECK(
      said({{"a", a}}, {{"xgrad.b", ""}}) ==
      "files::save: names of metadata must not begin with 'xgrad.', which the library's own do: 'xgrad.b': " +
          path);
  CHECK(said({{"a", a}}, {{"b", std::string(100'000'000, 'b')}}) ==
        "files::save: the header of names and metadata must have at most 100000000 bytes: " + path);
}
