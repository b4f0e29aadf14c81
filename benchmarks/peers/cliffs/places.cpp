#include "peers/cliffs/peers.hpp"

namespace F = torch::nn::functional;
using namespace bench::cliffs;

namespace {

// Where LibTorch has a view of what xgrad copies, it copies too, as what follows would have to.
const Peers places = {
    {"transpose, [1024, 1024]", [](const Given& x) { return x[0].t().contiguous(); }},
    {"transpose of float64, [512, 512]", [](const Given& x) { return x[0].t().contiguous(); }},
    {"transpose, [8192, 10]", [](const Given& x) { return x[0].t().contiguous(); }},
    {"permute heads, [8, 128, 8, 64]",
     [](const Given& x) {
       return x[0].permute({0, 2, 1, 3}).contiguous();
     }},
    {"permute channels last, [16, 64, 28, 28]",
     [](const Given& x) {
       return x[0].permute({0, 2, 3, 1}).contiguous();
     }},
    {"flip over 1, [256, 1000]", [](const Given& x) { return x[0].flip(1); }},
    {"roll over 1, [256, 1000]", [](const Given& x) { return x[0].roll(3, 1); }},
    {"expand, [1000, 1] to [1000, 64]",
     [](const Given& x) {
       return x[0].expand({1000, 64}).contiguous();
     }},
    {"repeat 2 3, [128, 100]",
     [](const Given& x) {
       return x[0].repeat({2, 3});
     }},
    {"cat over 0, 3 x [256, 128]", [](const Given& x) { return torch::cat(x, 0); }},
    {"cat over 1, 3 x [1024, 32]", [](const Given& x) { return torch::cat(x, 1); }},
    {"stack over -1, 3 x [65536]", [](const Given& x) { return torch::stack(x, -1); }},
    {"slice step 2 over 1, [256, 1000]",
     [](const Given& x) { return x[0].slice(1, 0, 1000, 2).contiguous(); }},
    {"slice 10 to 74 over 1, [1024, 100]", [](const Given& x) { return x[0].slice(1, 10, 74).contiguous(); }},
    {"pad 1, [16, 16, 32, 32]",
     [](const Given& x) {
       return torch::constant_pad_nd(x[0], {1, 1, 1, 1});
     }},
    {"pad reflect 2, [16, 16, 32, 32]",
     [](const Given& x) {
       return torch::reflection_pad2d(x[0], {2, 2, 2, 2});
     }},
    {"tril, [512, 512]", [](const Given& x) { return x[0].tril(); }},
    {"diagonal, [64, 32, 32]", [](const Given& x) { return x[0].diagonal(0, 1, 2).contiguous(); }},
    {"index_select rows, 1024 of [4096, 64]", [](const Given& x) { return x[0].index_select(0, x[1]); }},
    {"index_select columns, 64 of [1024, 100]", [](const Given& x) { return x[0].index_select(1, x[1]); }},
    {"index by an array, 1024 of [4096, 64]", [](const Given& x) { return x[0].index({x[1]}); }},
    {"gather over 1, [1024, 100]", [](const Given& x) { return x[0].gather(1, x[1]); }},
    {"gather over 1, one of [1024, 1000]", [](const Given& x) { return x[0].gather(1, x[1]); }},
    {"scatter_add over 0, [1000, 64]", [](const Given& x) { return x[0].scatter_add(0, x[1], x[2]); }},
    {"index_put accumulate, [4096, 64]", [](const Given& x) { return x[0].index_put({x[1]}, x[2], true); }},
    {"masked_select", [](const Given& x) { return x[0].masked_select(x[1]); }},
    {"nonzero, [256, 256]", [](const Given& x) { return x[0].nonzero(); }},
    {"embedding, [64, 128] of [10000, 64]", [](const Given& x) { return torch::embedding(x[1], x[0]); }},
    {"one_hot, [4096] of 10", [](const Given& x) { return torch::one_hot(x[0], 10); }},
};

}  // namespace
