#include "peers/cliffs/peers.hpp"

using namespace bench::cliffs;

namespace {

torch::Tensor first(const std::tuple<torch::Tensor, torch::Tensor>& pair) { return std::get<0>(pair); }

const Peers reduce = {
    {"sum of all, [1024, 1024]", [](const Given& x) { return x[0].sum(); }},
    {"sum over 0, [1024, 100]", [](const Given& x) { return x[0].sum(0); }},
    {"sum over 1, [1024, 100]", [](const Given& x) { return x[0].sum(1); }},
    {"sum over 1, [8192, 10]", [](const Given& x) { return x[0].sum(1); }},
    {"sum over 1, [32, 64, 49]", [](const Given& x) { return x[0].sum(1); }},
    {"mean over 0 2 3, [16, 64, 28, 28]",
     [](const Given& x) {
       return x[0].mean({0, 2, 3});
     }},
    {"prod over 0, [64, 1024]", [](const Given& x) { return x[0].prod(0); }},
    {"prod over 1, [1024, 64]", [](const Given& x) { return x[0].prod(1); }},
    {"amax over 0, [1024, 100]", [](const Given& x) { return x[0].amax(0); }},
    {"amax over 1, [1024, 100]", [](const Given& x) { return x[0].amax(1); }},
    {"amax over 1, [100, 1024]", [](const Given& x) { return x[0].amax(1); }},
    {"max over 1, [100, 1024]", [](const Given& x) { return first(x[0].max(1)); }},
    {"argmax over 1, [1024, 100]", [](const Given& x) { return x[0].argmax(1); }},
    {"argmax of all, [65536]", [](const Given& x) { return x[0].argmax(); }},
    {"var over 0, [1024, 100]", [](const Given& x) { return x[0].var({0}, true); }},
    {"var over 1, [100, 1024]", [](const Given& x) { return x[0].var({1}, true); }},
    {"var over 1, [256, 32, 2]", [](const Given& x) { return x[0].var({1}, true); }},
    {"norm of all, [65536]", [](const Given& x) { return x[0].norm(); }},
    {"norm over 1, [1024, 100]", [](const Given& x) { return x[0].norm(2, 1); }},
    {"logsumexp over 1, [1024, 100]", [](const Given& x) { return x[0].logsumexp(1); }},
    {"any over 1, [1024, 100]", [](const Given& x) { return x[0].any(1); }},
    {"sum over 1 of int64, [1024, 100]", [](const Given& x) { return x[0].sum(1); }},
    {"cumsum over 1, [64, 1024]", [](const Given& x) { return x[0].cumsum(1); }},
    {"cumsum over 0, [1024, 64]", [](const Given& x) { return x[0].cumsum(0); }},
    {"cumprod over 1, [64, 100]", [](const Given& x) { return x[0].cumprod(1); }},
    {"cummax over 1, [64, 1024]", [](const Given& x) { return first(x[0].cummax(1)); }},
    {"softmax over 1, [1024, 100]", [](const Given& x) { return x[0].softmax(1); }},
    {"softmax over 1, [8192, 10]", [](const Given& x) { return x[0].softmax(1); }},
    {"softmax over 1, [256, 32, 2]", [](const Given& x) { return x[0].softmax(1); }},
    {"softmax over 1, [16, 21, 28, 28]", [](const Given& x) { return x[0].softmax(1); }},
    {"log_softmax over 1, [128, 1000]", [](const Given& x) { return x[0].log_softmax(1); }},
    {"cross_entropy, [128, 1000]", [](const Given& x) { return torch::cross_entropy_loss(x[0], x[1]); }},
    {"cross_entropy, [512, 10]", [](const Given& x) { return torch::cross_entropy_loss(x[0], x[1]); }},
    {"mse_loss", [](const Given& x) { return torch::mse_loss(x[0], x[1]); }},
    {"smooth_l1_loss", [](const Given& x) { return torch::smooth_l1_loss(x[0], x[1]); }},
    {"binary_cross_entropy_with_logits",
     [](const Given& x) { return torch::binary_cross_entropy_with_logits(x[0], x[1]); }},
    {"kl_div", [](const Given& x) { return torch::kl_div(x[0], x[1]); }},
    {"sort, [1000000]", [](const Given& x) { return first(x[0].sort()); }},
    {"sort over 1, [256, 1024]", [](const Given& x) { return first(x[0].sort(1)); }},
    {"sort over 0, [1024, 256]", [](const Given& x) { return first(x[0].sort(0)); }},
    {"sort over 1, [4096, 16]", [](const Given& x) { return first(x[0].sort(1)); }},
    {"sort of int64, [100000]", [](const Given& x) { return first(x[0].sort()); }},
    {"argsort of float64, [100000]", [](const Given& x) { return x[0].argsort(); }},
    {"topk 5 of 50,000 float64", [](const Given& x) { return first(x[0].topk(5)); }},
    {"topk 5 over 1, [128, 1000]", [](const Given& x) { return first(x[0].topk(5, 1)); }},
    {"median of all, [100001]", [](const Given& x) { return x[0].median(); }},
    {"median over 1, [256, 1024]", [](const Given& x) { return first(x[0].median(1)); }},
};

}  // namespace
