// Sequences of different lengths, padded and packed.

#include "xgrad/nn/packed_sequence.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "xgrad/core.hpp"

using namespace xgrad;

namespace {

using Numbers = std::vector<std::int64_t>;

Numbers numbers(const Tensor& t) { return t.to_vector<std::int64_t>(); }

/// The first tensor of tests/golden/sequence_layers.py.
Tensor filled(const Shape& shape) {
  std::vector<double> v;
  for (std::int64_t i = 0; i < shape.numel(); ++i)
    v.push_back(static_cast<double>((7919 * i + 13) % 1009) / 1009 - 0.5);
  return tensor(v, shape);
}

Tensor input(const Shape& shape) { return randn(shape, float64, Generator(1)); }

}  // namespace

TEST_CASE("a padded batch is packed and padded as by PyTorch") {
  const auto all = nlohmann::json::parse(std::ifstream(XGRAD_TEST_DATA "/sequence_layers.json"))["packed"];
  REQUIRE(all.size() == 2);
  for (const auto& c : all) {
    const bool batch_first = c["batch_first"], sorted = c["sorted"];
    const Tensor lengths = tensor(c["lengths"].get<Numbers>());
    const std::int64_t batch = lengths.numel();
    const Tensor x = filled(batch_first ? Shape{batch, 4, 2} : Shape{4, batch, 2});

    const nn::PackedSequence packed = nn::pack_padded_sequence(x, lengths, batch_first, sorted);
    const nn::PaddedSequence padded = nn::pad_packed_sequence(packed, batch_first, -1.5, 5);

    CHECK(allclose(packed.data, tensor(c["data"].get<std::vector<double>>(), packed.data.shape()), 0, 1e-15));
    CHECK(numbers(packed.batch_sizes) == c["batch_sizes"].get<Numbers>());
    CHECK(packed.sorted_indices.defined() == !sorted);
    if (!sorted) {
      CHECK(numbers(packed.sorted_indices) == c["indices"][0].get<Numbers>());
      CHECK(numbers(packed.unsorted_indices) == c["indices"][1].get<Numbers>());
    }
    CHECK(padded.x.shape() == (batch_first ? Shape{batch, 5, 2} : Shape{5, batch, 2}));
    CHECK(allclose(padded.x, tensor(c["padded"].get<std::vector<double>>(), padded.x.shape()), 0, 1e-15));
    CHECK(equal(padded.lengths, lengths));
  }
}

TEST_CASE("sequences are padded at their ends, and come back") {
  const std::vector<Tensor> sequences = {tensor({{1.0, 2.0}}), tensor({{3.0, 4.0}, {5.0, 6.0}, {7.0, 8.0}}),
                                         zeros({0, 2})};

  const Tensor steps_first = nn::pad_sequence(sequences, false, -1);
  const Tensor batch_first = nn::pad_sequence(sequences, true);

  CHECK(steps_first.to_vector<int>() ==
        std::vector<int>{1, 2, 3, 4, -1, -1, -1, -1, 5, 6, -1, -1, -1, -1, 7, 8, -1, -1});
  CHECK(batch_first[0].to_vector<int>() == std::vector<int>{1, 2, 0, 0, 0, 0});
  const std::vector<Tensor> back = nn::unpad_sequence(batch_first, tensor({1, 3, 0}), true);
  REQUIRE(back.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(equal(back[i], sequences[i]));
  CHECK(equal(nn::unpad_sequence(steps_first, tensor({1, 3, 0}))[1], sequences[1]));
}

TEST_CASE("gradients go through padding and packing") {
  const Tensor lengths = tensor({1, 3});
  const auto pad = [](const Tensor& a, const Tensor& b) { return nn::pad_sequence({a, b}, false, 2); };
  const auto unpad = [&](const Tensor& x) { return nn::unpad_sequence(x, lengths); };
  const auto pack = [&](const Tensor& x) { return nn::pack_padded_sequence(x, lengths, true, false).data; };
  const auto repad = [&](const Tensor& x) {
    return nn::pad_packed_sequence(nn::pack_padded_sequence(x, lengths, false, false)).x;
  };

  CHECK(gradcheck(pad, {input({1, 2}), input({3, 2})}, {.order = 2}).ok());
  CHECK(gradcheck(unpad, {input({3, 2, 1})}, {.order = 2}).ok());
  CHECK(gradcheck(pack, {input({2, 3, 2})}, {.order = 2}).ok());
  CHECK(gradcheck(repad, {input({3, 2})}, {.order = 2}).ok());
}

TEST_CASE("no sequences are packed and padded to none") {
  const nn::PackedSequence packed = nn::pack_padded_sequence(zeros({4, 0, 2}), zeros({0}, int64));

  CHECK(packed.data.shape() == Shape{0, 2});
  CHECK(nn::pad_packed_sequence(packed).x.shape() == Shape{0, 0, 2});
}

TEST_CASE("sequences and lengths that do not fit are errors") {
  const Tensor x = zeros({4, 2, 3});

  CHECK_THROWS_WITH_AS(nn::pad_sequence({}), "pad_sequence: needs at least one sequence: got none", Error);
  CHECK_THROWS_WITH_AS(nn::pad_sequence({zeros({2, 3}), zeros({2, 4})}),
                       "pad_sequence: sequences must have one dtype and the same sizes behind their lengths: "
                       "one is f32[2, 3], another f32[2, 4]",
                       Error);
  CHECK_THROWS_WITH_AS(nn::unpad_sequence(zeros({3}), tensor({1})),
                       "unpad_sequence: x must have an axis of steps and one of sequences: x is f32[3]",
                       Error);
  CHECK_THROWS_WITH_AS(
      nn::pack_padded_sequence(x, tensor({1.0, 2.0})),
      "pack_padded_sequence: the lengths must be int64[2], one for each sequence: lengths is "
      "f32[2], x is f32[4, 2, 3]",
      Error);
  CHECK_THROWS_WITH_AS(nn::pack_padded_sequence(x, tensor({5, 1})),
                       "pack_padded_sequence: the length of sequence 0 is 5, and must be 1 to 4: lengths is "
                       "i64[2], x is f32[4, 2, 3]",
                       Error);
  CHECK_THROWS_WITH_AS(nn::pack_padded_sequence(x, tensor({1, 2})),
                       "pack_padded_sequence: the lengths must not grow; sort the sequences, or pass "
                       "enforce_sorted = false: lengths is i64[2], x is f32[4, 2, 3]",
                       Error);
}

TEST_CASE("a packed sequence that is none is an error") {
  const Tensor data = zeros({3, 2});
  const auto padded = [](const nn::PackedSequence& p, std::optional<std::int64_t> total = {}) {
    return nn::pad_packed_sequence(p, false, 0, total);
  };

  CHECK_THROWS_WITH_AS(padded({data, tensor({2.0, 1.0}), {}, {}}),
                       "pad_packed_sequence: needs rows of data and int64[steps] batch_sizes: data is f32[3, "
                       "2], batch_sizes is f32[2]",
                       Error);
  const char* sizes =
      "pad_packed_sequence: batch_sizes must not grow, and sum to the rows of data: data is f32[3, 2], "
      "batch_sizes is i64[2]";
  CHECK_THROWS_WITH_AS(padded({data, tensor({1, 2}), {}, {}}), sizes, Error);
  CHECK_THROWS_WITH_AS(padded({data, tensor({2, 2}), {}, {}}), sizes, Error);
  CHECK_THROWS_WITH_AS(padded({data, tensor({2, 1}), {}, {}}, 1),
                       "pad_packed_sequence: total_length must be at least the longest length: it is 1, and "
                       "the longest is 2",
                       Error);
  CHECK_THROWS_WITH_AS(padded({data, tensor({2, 1}), tensor({0}), tensor({0})}),
                       "pad_packed_sequence: sorted_indices must be one for each sequence: they are i64[1], "
                       "and there are 2 sequences",
                       Error);
}
