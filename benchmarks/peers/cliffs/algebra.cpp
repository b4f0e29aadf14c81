#include "peers/cliffs/peers.hpp"

using namespace bench::cliffs;

namespace {

torch::Tensor definite(const torch::Tensor& a) {
  return torch::matmul(a, a.mT()) + static_cast<double>(a.size(-1)) * torch::eye(a.size(-1), a.options());
}

const Peers algebra = {
    {"matmul 256 x 256 x 256", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul of float64, 128 x 128 x 128", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul 17 x 33 x 65", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul 1 x 512 x 784", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul 4096 x 3 x 3", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul 512 x 10 x 256", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"matmul with a vector, [1024, 1024]", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"dot of 65536", [](const Given& x) { return dot(x[0], x[1]); }},
    {"outer 512 x 512", [](const Given& x) { return outer(x[0], x[1]); }},
    {"linear 64 x 784 to 512", [](const Given& x) { return torch::linear(x[0], x[1], x[2]); }},
    {"bmm 64 of 32 x 32 x 32", [](const Given& x) { return bmm(x[0], x[1]); }},
    {"bmm 512 of 4 x 4 x 4", [](const Given& x) { return bmm(x[0], x[1]); }},
    {"matmul broadcast, [8, 4, 64, 64] [64, 64]", [](const Given& x) { return matmul(x[0], x[1]); }},
    {"einsum ij,kj->ikj", [](const Given& x) { return torch::einsum("ij,kj->ikj", x).contiguous(); }},
    {"einsum bhid,bhjd->bhij",
     [](const Given& x) { return torch::einsum("bhid,bhjd->bhij", x).contiguous(); }},
    {"einsum bi,bi->b", [](const Given& x) { return torch::einsum("bi,bi->b", x); }},
    {"einsum ijk->ki", [](const Given& x) { return torch::einsum("ijk->ki", x).contiguous(); }},
    {"kron, [16, 16] [16, 16]", [](const Given& x) { return torch::kron(x[0], x[1]); }},
    {"det, [256, 256] float64", [](const Given& x) { return torch::det(x[0]); }},
    {"det, [256, 8, 8]", [](const Given& x) { return torch::det(x[0]); }},
    {"slogdet, [64, 64]", [](const Given& x) { return std::get<1>(torch::slogdet(x[0])); }},
    {"inverse, [64, 64]", [](const Given& x) { return torch::inverse(definite(x[0])); }},
    {"solve, [64, 64] [64, 8]", [](const Given& x) { return torch::linalg_solve(definite(x[0]), x[1]); }},
    {"solve_triangular, [128, 128] [128, 16]",
     [](const Given& x) { return torch::linalg_solve_triangular(definite(x[0]), x[1], false); }},
    {"cholesky, [64, 64]", [](const Given& x) { return torch::linalg_cholesky(definite(x[0])); }},
    {"cholesky, [64, 8, 8]", [](const Given& x) { return torch::linalg_cholesky(definite(x[0])); }},
    {"qr, [64, 32]", [](const Given& x) { return std::get<1>(torch::linalg_qr(x[0])).square(); }},
    {"svd, [32, 32]", [](const Given& x) { return std::get<1>(torch::linalg_svd(x[0], false)); }},
    {"eigh, [64, 64]", [](const Given& x) { return std::get<0>(torch::linalg_eigh(definite(x[0]))); }},
    {"attention, 8 heads of 64 x 64",
     [](const Given& x) { return bmm(torch::softmax(bmm(x[0] / 8, x[1].transpose(1, 2)), -1), x[2]); }},
};

}  // namespace
