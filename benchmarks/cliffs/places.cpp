#include <cstdint>
#include <filesystem>
#include <fstream>

#include "cliffs/cliffs.hpp"

// Elements brought to other places: parts, joins, orders of axes, indices. peers/cliffs/places.cpp is the
// same.

using namespace xgrad;
using namespace bench::cliffs;

namespace {

/// 10,000 images of 28 x 28 as MNIST's files have them.
std::filesystem::path images() {
  const auto path = std::filesystem::temp_directory_path() / "xgrad_cliffs_images.idx";
  std::ofstream file(path, std::ios::binary);
  file.write("\0\0\x08\x03\0\0\x27\x10\0\0\0\x1c\0\0\0\x1c", 16);
  file << std::string(10000 * 28 * 28, 'x');
  return path;
}

const Works places = {
    {"transpose, [1024, 1024]", {{{1024, 1024}}}, [](const Operands& x) { return transpose(x[0], 0, 1); }},
    {"transpose of float64, [512, 512]",
     {doubles({512, 512})},
     [](const Operands& x) { return transpose(x[0], 0, 1); }},
    {"transpose, [8192, 10]", {{{8192, 10}}}, [](const Operands& x) { return transpose(x[0], 0, 1); }},
    {"permute heads, [8, 128, 8, 64]",
     {{{8, 128, 8, 64}}},
     [](const Operands& x) {
       return permute(x[0], {0, 2, 1, 3});
     }},
    {"permute channels last, [16, 64, 28, 28]",
     {{{16, 64, 28, 28}}},
     [](const Operands& x) {
       return permute(x[0], {0, 2, 3, 1});
     }},
    {"flip over 1, [256, 1000]", {{{256, 1000}}}, [](const Operands& x) { return flip(x[0], 1); }},
    {"roll over 1, [256, 1000]", {{{256, 1000}}}, [](const Operands& x) { return roll(x[0], 3, 1); }},
    {"expand, [1000, 1] to [1000, 64]",
     {{{1000, 1}}},
     [](const Operands& x) {
       return expand(x[0], {1000, 64});
     }},
    {"repeat 2 3, [128, 100]",
     {{{128, 100}}},
     [](const Operands& x) {
       return repeat(x[0], {2, 3});
     }},
    {"cat over 0, 3 x [256, 128]",
     {{{256, 128}}, {{256, 128}}, {{256, 128}}},
     [](const Operands& x) { return cat(x, 0); }},
    {"cat over 1, 3 x [1024, 32]",
     {{{1024, 32}}, {{1024, 32}}, {{1024, 32}}},
     [](const Operands& x) { return cat(x, 1); }},
    {"stack over -1, 3 x [65536]",
     {{{65536}}, {{65536}}, {{65536}}},
     [](const Operands& x) { return stack(x, -1); }},
    {"slice step 2 over 1, [256, 1000]",
     {{{256, 1000}}},
     [](const Operands& x) { return slice(x[0], 1, 0, 1000, 2); }},
    {"slice 10 to 74 over 1, [1024, 100]",
     {{{1024, 100}}},
     [](const Operands& x) { return slice(x[0], 1, 10, 74); }},
    {"pad 1, [16, 16, 32, 32]",
     {{{16, 16, 32, 32}}},
     [](const Operands& x) {
       return pad(x[0], {1, 1, 1, 1});
     }},
    {"pad reflect 2, [16, 16, 32, 32]",
     {{{16, 16, 32, 32}}},
     [](const Operands& x) {
       return pad(x[0], {2, 2, 2, 2}, PadMode::reflect);
     }},
    {"tril, [512, 512]", {{{512, 512}}}, [](const Operands& x) { return tril(x[0]); }},
    {"diagonal, [64, 32, 32]", {{{64, 32, 32}}}, [](const Operands& x) { return diagonal(x[0], 0, 1, 2); }},
    {"index_select rows, 1024 of [4096, 64]",
     {{{4096, 64}}, indices({1024}, 4096)},
     [](const Operands& x) { return index_select(x[0], 0, x[1]); }},
    {"index_select columns, 64 of [1024, 100]",
     {{{1024, 100}}, indices({64}, 100)},
     [](const Operands& x) { return index_select(x[0], 1, x[1]); }},
    {"index by an array, 1024 of [4096, 64]",
     {{{4096, 64}}, indices({1024}, 4096)},
     [](const Operands& x) { return index(x[0], {x[1]}); }},
    {"gather over 1, [1024, 100]",
     {{{1024, 100}}, indices({1024, 64}, 100)},
     [](const Operands& x) { return gather(x[0], 1, x[1]); }},
    {"gather over 1, one of [1024, 1000]",
     {{{1024, 1000}}, indices({1024, 1}, 1000)},
     [](const Operands& x) { return gather(x[0], 1, x[1]); }},
    {"scatter_add over 0, [1000, 64]",
     {{{1000, 64}}, indices({1024, 64}, 1000), {{1024, 64}}},
     [](const Operands& x) { return scatter_add(x[0], 0, x[1], x[2]); }},
    {"index_put accumulate, [4096, 64]",
     {{{4096, 64}}, indices({1024}, 4096), {{1024, 64}}},
     [](const Operands& x) { return index_put(x[0], {x[1]}, x[2], true); }},
    {"masked_select",
     {{{65536}}, mask({65536})},
     [](const Operands& x) { return masked_select(x[0], x[1]); }},
    {"nonzero, [256, 256]", {mask({256, 256})}, [](const Operands& x) { return nonzero(x[0]); }},
    {"embedding, [64, 128] of [10000, 64]",
     {indices({64, 128}, 10000), {{10000, 64}}},
     [](const Operands& x) { return embedding(x[0], x[1]); }},
    {"one_hot, [4096] of 10", {indices({4096}, 10)}, [](const Operands& x) { return one_hot(x[0], 10); }},
    {"read_idx, 10,000 images of 28 x 28",
     {},
     [](const Operands&) {
       static const auto path = images();
       return data::read_idx(path);
     }},
};

}  // namespace
