#include "peers/cliffs/peers.hpp"

namespace F = torch::nn::functional;
using namespace bench::cliffs;

namespace {

const Peers image = {
    {"conv2d 3x3 64-64 on 56", [](const Given& x) { return torch::conv2d(x[0], x[1], x[2], 1, 1); }},
    {"conv2d 3x3 64-64 groups 4 on 28",
     [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 1, 1, 1, 4); }},
    {"conv2d 3x3 stride 2 16-32 on 32", [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 2, 1); }},
    {"conv2d 3x3 dilation 2 32-32 on 28",
     [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 1, 2, 2); }},
    {"conv2d 4x4 stride 2 64-128 on 32", [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 2, 1); }},
    {"conv2d 11x11 stride 4 3-64 on 224", [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 4, 2); }},
    {"conv2d 3x3 depthwise 64 on 56",
     [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 1, 1, 1, 64); }},
    {"conv2d 1x1 256-64 on 28", [](const Given& x) { return torch::conv2d(x[0], x[1]); }},
    {"conv2d 3x3 512-512 on 7", [](const Given& x) { return torch::conv2d(x[0], x[1], {}, 1, 1); }},
    {"conv1d 5 32-64 on 256", [](const Given& x) { return torch::conv1d(x[0], x[1], {}, 1, 2); }},
    {"conv_transpose2d 4x4 stride 2 64-32 on 16",
     [](const Given& x) { return torch::conv_transpose2d(x[0], x[1], {}, 2, 1); }},
    {"max_pool2d 2 on 28", [](const Given& x) { return torch::max_pool2d(x[0], 2); }},
    {"max_pool2d 3 stride 2 padding 1 on 56",
     [](const Given& x) { return torch::max_pool2d(x[0], 3, 2, 1); }},
    {"avg_pool2d 2 on 28", [](const Given& x) { return torch::avg_pool2d(x[0], 2); }},
    {"avg_pool2d 3 stride 2 on 56", [](const Given& x) { return torch::avg_pool2d(x[0], 3, 2); }},
    {"adaptive_avg_pool2d 7 of 14",
     [](const Given& x) {
       return torch::adaptive_avg_pool2d(x[0], {7, 7});
     }},
    {"interpolate nearest 28 to 56",
     [](const Given& x) {
       return torch::upsample_nearest2d(x[0], {56, 56});
     }},
    {"interpolate bilinear 28 to 56",
     [](const Given& x) {
       return torch::upsample_bilinear2d(x[0], {56, 56}, false);
     }},
    {"unfold 3x3 padding 1 16 on 32",
     [](const Given& x) { return F::unfold(x[0], F::UnfoldFuncOptions(3).padding(1)); }},
    {"fold 2x2 stride 2 64 to 32",
     [](const Given& x) { return F::fold(x[0], F::FoldFuncOptions(32, 2).stride(2)); }},
    {"batch_norm 64 on 28",
     [](const Given& x) { return torch::batch_norm(x[0], x[1], x[2], {}, {}, true, 0.1, 1e-5, false); }},
    {"batch_norm 256 features",
     [](const Given& x) { return torch::batch_norm(x[0], x[1], x[2], {}, {}, true, 0.1, 1e-5, false); }},
    {"group_norm 8 of 64 on 28", [](const Given& x) { return torch::group_norm(x[0], 8, x[1], x[2]); }},
    {"layer_norm 512", [](const Given& x) { return torch::layer_norm(x[0], {512}, x[1], x[2]); }},
};

}  // namespace
