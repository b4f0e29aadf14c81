#include "cliffs/cliffs.hpp"

// Products and decompositions. peers/cliffs/algebra.cpp is the same.

using namespace xgrad;
using namespace bench::cliffs;

namespace {

/// A A^T + n I, which has a Cholesky factor.
Tensor definite(const Tensor& a) {
  return gemm(a, a, false, true) + static_cast<double>(a.size(-1)) * eye(a.size(-1), {.dtype = a.dtype()});
}

const Works algebra = {
    {"matmul 256 x 256 x 256",
     {{{256, 256}}, {{256, 256}}},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul of float64, 128 x 128 x 128",
     {doubles({128, 128}), doubles({128, 128})},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul 17 x 33 x 65", {{{17, 65}}, {{65, 33}}}, [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul 1 x 512 x 784",
     {{{1, 784}}, {{784, 512}}},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul 4096 x 3 x 3", {{{4096, 3}}, {{3, 3}}}, [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul 512 x 10 x 256",
     {{{512, 256}}, {{256, 10}}},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"matmul with a vector, [1024, 1024]",
     {{{1024, 1024}}, {{1024}}},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"dot of 65536", {{{65536}}, {{65536}}}, [](const Operands& x) { return dot(x[0], x[1]); }},
    {"outer 512 x 512", {{{512}}, {{512}}}, [](const Operands& x) { return outer(x[0], x[1]); }},
    {"linear 64 x 784 to 512",
     {{{64, 784}}, {{512, 784}}, {{512}}},
     [](const Operands& x) { return linear(x[0], x[1], x[2]); }},
    {"bmm 64 of 32 x 32 x 32",
     {{{64, 32, 32}}, {{64, 32, 32}}},
     [](const Operands& x) { return bmm(x[0], x[1]); }},
    {"bmm 512 of 4 x 4 x 4",
     {{{512, 4, 4}}, {{512, 4, 4}}},
     [](const Operands& x) { return bmm(x[0], x[1]); }},
    {"matmul broadcast, [8, 4, 64, 64] [64, 64]",
     {{{8, 4, 64, 64}}, {{64, 64}}},
     [](const Operands& x) { return matmul(x[0], x[1]); }},
    {"einsum ij,kj->ikj",
     {{{64, 128}}, {{64, 128}}},
     [](const Operands& x) {
       return einsum("ij,kj->ikj", {x[0], x[1]});
     }},
    {"einsum bhid,bhjd->bhij",
     {{{4, 8, 64, 32}}, {{4, 8, 64, 32}}},
     [](const Operands& x) {
       return einsum("bhid,bhjd->bhij", {x[0], x[1]});
     }},
    {"einsum bi,bi->b",
     {{{1024, 64}}, {{1024, 64}}},
     [](const Operands& x) {
       return einsum("bi,bi->b", {x[0], x[1]});
     }},
    {"einsum ijk->ki", {{{64, 32, 64}}}, [](const Operands& x) { return einsum("ijk->ki", {x[0]}); }},
    {"kron, [16, 16] [16, 16]", {{{16, 16}}, {{16, 16}}}, [](const Operands& x) { return kron(x[0], x[1]); }},
    {"det, [256, 256] float64",
     {{{256, 256}, -0.2, 0.2, float64}},
     [](const Operands& x) { return det(x[0]); }},
    {"det, [256, 8, 8]", {{{256, 8, 8}}}, [](const Operands& x) { return det(x[0]); }},
    {"slogdet, [64, 64]", {{{64, 64}}}, [](const Operands& x) { return slogdet(x[0]).logabsdet; }},
    {"inverse, [64, 64]", {{{64, 64}}}, [](const Operands& x) { return inverse(definite(x[0])); }},
    {"solve, [64, 64] [64, 8]",
     {{{64, 64}}, {{64, 8}}},
     [](const Operands& x) { return solve(definite(x[0]), x[1]); }},
    {"solve_triangular, [128, 128] [128, 16]",
     {{{128, 128}}, {{128, 16}}},
     [](const Operands& x) { return solve_triangular(definite(x[0]), x[1], false); }},
    {"cholesky, [64, 64]", {{{64, 64}}}, [](const Operands& x) { return cholesky(definite(x[0])); }},
    {"cholesky, [64, 8, 8]", {{{64, 8, 8}}}, [](const Operands& x) { return cholesky(definite(x[0])); }},
    {"qr, [64, 32]", {{{64, 32}}}, [](const Operands& x) { return square(qr(x[0]).r); }},
    {"svd, [32, 32]", {{{32, 32}}}, [](const Operands& x) { return svd(x[0]).s; }},
    {"eigh, [64, 64]", {{{64, 64}}}, [](const Operands& x) { return eigh(definite(x[0])).eigenvalues; }},
    {"attention, 8 heads of 64 x 64",
     {{{8, 64, 64}}, {{8, 64, 64}}, {{8, 64, 64}}},
     [](const Operands& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); }},
};

}  // namespace
