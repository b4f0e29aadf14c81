#include "cliffs/cliffs.hpp"

// Element by element, with broadcasting, and random numbers. peers/cliffs/elementwise.cpp is the same.

using namespace xgrad;
using namespace bench::cliffs;

namespace {

constexpr std::int64_t n = 1 << 16;

const Works elementwise = {
    {"add", {{{n}}, {{n}}}, [](const Operands& x) { return x[0] + x[1]; }},
    {"add of 16", {{{4, 4}}, {{4, 4}}}, [](const Operands& x) { return x[0] + x[1]; }},
    {"mul of 4 million", {{{2048, 2048}}, {{2048, 2048}}}, [](const Operands& x) { return x[0] * x[1]; }},
    {"div", {{{n}}, {{n}, 1, 2}}, [](const Operands& x) { return x[0] / x[1]; }},
    {"mul by a row, [1024, 100]", {{{1024, 100}}, {{100}}}, [](const Operands& x) { return x[0] * x[1]; }},
    {"mul by a column, [1024, 100]",
     {{{1024, 100}}, {{1024, 1}}},
     [](const Operands& x) { return x[0] * x[1]; }},
    {"mul by channels, [16, 64, 28, 28]",
     {{{16, 64, 28, 28}}, {{64, 1, 1}}},
     [](const Operands& x) { return x[0] * x[1]; }},
    {"add, outer [512, 1] [1, 512]", {{{512, 1}}, {{1, 512}}}, [](const Operands& x) { return x[0] + x[1]; }},
    {"add of float64", {doubles({n}), doubles({n})}, [](const Operands& x) { return x[0] + x[1]; }},
    {"exp", {{{n}}}, [](const Operands& x) { return exp(x[0]); }},
    {"log", {{{n}, 1, 2}}, [](const Operands& x) { return log(x[0]); }},
    {"sin", {{{n}, -4, 4}}, [](const Operands& x) { return sin(x[0]); }},
    {"tanh", {{{n}}}, [](const Operands& x) { return tanh(x[0]); }},
    {"tanh of float64", {doubles({n})}, [](const Operands& x) { return tanh(x[0]); }},
    {"sigmoid", {{{n}}}, [](const Operands& x) { return sigmoid(x[0]); }},
    {"sqrt", {{{n}, 1, 2}}, [](const Operands& x) { return sqrt(x[0]); }},
    {"pow 3", {{{n}, 1, 2}}, [](const Operands& x) { return pow(x[0], 3); }},
    {"pow 2.5", {{{n}, 1, 2}}, [](const Operands& x) { return pow(x[0], 2.5); }},
    {"pow of two", {{{n}, 1, 2}, {{n}}}, [](const Operands& x) { return pow(x[0], x[1]); }},
    {"atan2", {{{n}}, {{n}}}, [](const Operands& x) { return atan2(x[0], x[1]); }},
    {"erf", {{{n}}}, [](const Operands& x) { return erf(x[0]); }},
    {"lgamma", {{{n}, 1, 8}}, [](const Operands& x) { return lgamma(x[0]); }},
    {"relu", {{{n}}}, [](const Operands& x) { return relu(x[0]); }},
    {"gelu", {{{n}}}, [](const Operands& x) { return gelu(x[0]); }},
    {"silu", {{{n}}}, [](const Operands& x) { return silu(x[0]); }},
    {"clamp", {{{n}}}, [](const Operands& x) { return clamp(x[0], -0.5, 0.5); }},
    {"maximum", {{{n}}, {{n}}}, [](const Operands& x) { return maximum(x[0], x[1]); }},
    {"where", {mask({n}), {{n}}, {{n}}}, [](const Operands& x) { return where(x[0], x[1], x[2]); }},
    {"masked_fill",
     {{{64, 1024}}, mask({64, 1024})},
     [](const Operands& x) { return masked_fill(x[0], x[1], 0); }},
    {"masked_fill by a row's mask",
     {{{64, 1024}}, mask({1024})},
     [](const Operands& x) { return masked_fill(x[0], x[1], 0); }},
    {"greater", {{{n}}, {{n}}}, [](const Operands& x) { return x[0] > x[1]; }},
    {"lerp", {{{n}}, {{n}}, {{n}}}, [](const Operands& x) { return lerp(x[0], x[1], x[2]); }},
    {"remainder", {{{n}, 1, 20}, {{n}, 1, 2}}, [](const Operands& x) { return remainder(x[0], x[1]); }},
    {"to float64", {{{n}}}, [](const Operands& x) { return x[0].to(float64); }},
    {"add of int64", {indices({n}, 100), indices({n}, 100)}, [](const Operands& x) { return x[0] + x[1]; }},
    {"randn", {}, [](const Operands&) { return randn({n}); }, false},
    {"randn of float64", {}, [](const Operands&) { return randn({n}, {.dtype = float64}); }, false},
    {"rand", {}, [](const Operands&) { return rand({n}); }, false},
    {"randint", {}, [](const Operands&) { return randint(0, 100, {n}); }, false},
    {"randperm", {}, [](const Operands&) { return randperm(n); }, false},
    {"bernoulli", {}, [](const Operands&) { return bernoulli(0.5, {n}); }, false},
    {"dropout", {{{n}}}, [](const Operands& x) { return dropout(x[0], 0.5); }, false},
};

}  // namespace
