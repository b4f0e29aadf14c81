#include "peers/cliffs/peers.hpp"

using namespace bench::cliffs;

namespace {

constexpr std::int64_t n = 1 << 16;

const Peers elementwise = {
    {"add", [](const Given& x) { return x[0] + x[1]; }},
    {"add of 16", [](const Given& x) { return x[0] + x[1]; }},
    {"mul of 4 million", [](const Given& x) { return x[0] * x[1]; }},
    {"div", [](const Given& x) { return x[0] / x[1]; }},
    {"mul by a row, [1024, 100]", [](const Given& x) { return x[0] * x[1]; }},
    {"mul by a column, [1024, 100]", [](const Given& x) { return x[0] * x[1]; }},
    {"mul by channels, [16, 64, 28, 28]", [](const Given& x) { return x[0] * x[1]; }},
    {"add, outer [512, 1] [1, 512]", [](const Given& x) { return x[0] + x[1]; }},
    {"add of float64", [](const Given& x) { return x[0] + x[1]; }},
    {"exp", [](const Given& x) { return exp(x[0]); }},
    {"log", [](const Given& x) { return log(x[0]); }},
    {"sin", [](const Given& x) { return sin(x[0]); }},
    {"tanh", [](const Given& x) { return tanh(x[0]); }},
    {"tanh of float64", [](const Given& x) { return tanh(x[0]); }},
    {"sigmoid", [](const Given& x) { return sigmoid(x[0]); }},
    {"sqrt", [](const Given& x) { return sqrt(x[0]); }},
    {"pow 3", [](const Given& x) { return pow(x[0], 3); }},
    {"pow 2.5", [](const Given& x) { return pow(x[0], 2.5); }},
    {"pow of two", [](const Given& x) { return pow(x[0], x[1]); }},
    {"atan2", [](const Given& x) { return atan2(x[0], x[1]); }},
    {"erf", [](const Given& x) { return erf(x[0]); }},
    {"lgamma", [](const Given& x) { return lgamma(x[0]); }},
    {"relu", [](const Given& x) { return relu(x[0]); }},
    {"gelu", [](const Given& x) { return torch::gelu(x[0]); }},
    {"silu", [](const Given& x) { return torch::silu(x[0]); }},
    {"clamp", [](const Given& x) { return clamp(x[0], -0.5, 0.5); }},
    {"maximum", [](const Given& x) { return maximum(x[0], x[1]); }},
    {"where", [](const Given& x) { return where(x[0], x[1], x[2]); }},
    {"masked_fill", [](const Given& x) { return masked_fill(x[0], x[1], 0); }},
    {"masked_fill by a row's mask", [](const Given& x) { return masked_fill(x[0], x[1], 0); }},
    {"greater", [](const Given& x) { return x[0] > x[1]; }},
    {"lerp", [](const Given& x) { return lerp(x[0], x[1], x[2]); }},
    {"remainder", [](const Given& x) { return remainder(x[0], x[1]); }},
    {"to float64", [](const Given& x) { return x[0].to(torch::kDouble); }},
    {"add of int64", [](const Given& x) { return x[0] + x[1]; }},
    {"randn", [](const Given&) { return torch::randn({n}); }},
    {"randn of float64", [](const Given&) { return torch::randn({n}, torch::kDouble); }},
    {"rand", [](const Given&) { return torch::rand({n}); }},
    {"randint", [](const Given&) { return torch::randint(0, 100, {n}, torch::kLong); }},
    {"randperm", [](const Given&) { return torch::randperm(n); }},
    {"bernoulli", [](const Given&) { return torch::empty({n}).bernoulli_(0.5); }},
    {"dropout", [](const Given& x) { return torch::dropout(x[0], 0.5, true); }},
};

}  // namespace
