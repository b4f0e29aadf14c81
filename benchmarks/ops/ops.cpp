// ops [--help] [PART]: what ops cost an element, forward and with their gradients, of operands that lie in
// the L2 cache, on one thread: elementwise ones, and ops on rows of few elements.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr std::int64_t elements = 16384, row = 10, rows = elements / row;
constexpr int repetitions = 9, calls = 5;

using Unary = Tensor (*)(const Tensor& x);
using Binary = Tensor (*)(const Tensor& x, const Tensor& w);

struct Work {
  const char* name;
  double low, high;  ///< of the operands
  Unary unary = nullptr;
  Binary binary = nullptr;
  Shape x = {elements}, w = {elements};

  Work(const char* n, Unary f, double from, double to) : name(n), low(from), high(to), unary(f) {}
  Work(const char* n, Binary f, double from, double to) : name(n), low(from), high(to), binary(f) {}
  Work(const char* n, Unary f, Shape s) : name(n), low(-2), high(2), unary(f), x(std::move(s)) {}
  Work(const char* n, Binary f, Shape s, Shape t)
      : name(n), low(-2), high(2), binary(f), x(std::move(s)), w(std::move(t)) {}

  Tensor operator()(const Tensor& u, const Tensor& v) const { return unary ? unary(u) : binary(u, v); }
};

const Work works[] = {
    {"add", add, -2, 2},
    {"mul", mul, -2, 2},
    {"div", div, 0.5, 2},
    {"exp", exp, -2, 2},
    {"expm1", expm1, -2, 2},
    {"log", log, 0.1, 2},
    {"log1p", log1p, 0.1, 2},
    {"sqrt", sqrt, 0.1, 2},
    {"reciprocal", reciprocal, 0.1, 2},
    {"abs", abs, -2, 2},
    {"floor", floor, -9, 9},
    {"sin", sin, -4, 4},
    {"tan", tan, -1, 1},
    {"asin", asin, -1, 1},
    {"atan", atan, -4, 4},
    {"sinh", sinh, -2, 2},
    {"tanh", tanh, -2, 2},
    {"asinh", asinh, -2, 2},
    {"erf", erf, -2, 2},
    {"erfc", erfc, -2, 2},
    {"erfinv", erfinv, -0.95, 0.95},
    {"lgamma", lgamma, 0.1, 20},
    {"digamma", digamma, 0.1, 20},
    {"sinc", sinc, -4, 4},
    {"pow", pow, 0.1, 3},
    {"pow(x, 2.5)", [](const Tensor& x) { return pow(x, 2.5); }, 0.1, 3},
    {"atan2", atan2, -2, 2},
    {"hypot", hypot, -2, 2},
    {"logaddexp", logaddexp, -2, 2},
    {"xlogy", xlogy, 0.1, 2},
    {"fmod", fmod, 0.1, 20},
    {"remainder", remainder, 0.1, 20},
    {"floor_divide", floor_divide, 0.1, 20},
    {"maximum", maximum, -2, 2},
    {"where(x > 0, x, w)", [](const Tensor& x, const Tensor& w) { return where(x > 0, x, w); }, -2, 2},
    {"clamp(x, -1, 1)", [](const Tensor& x) { return clamp(x, -1, 1); }, -2, 2},
    {"sigmoid", sigmoid, -4, 4},
    {"softplus", [](const Tensor& x) { return softplus(x); }, -4, 4},
    {"silu", silu, -4, 4},
    {"gelu", gelu, -4, 4},
    {"mish", mish, -4, 4},
    {"relu", relu, -2, 2},
    {"elu", [](const Tensor& x) { return elu(x); }, -2, 2},
    {"[n, 10] + [10]", add, {rows, row}, {row}},
    {"[n, 10] + [n, 1]", add, {rows, row}, {rows, 1}},
    {"[n, 10] sum(x, 1)", [](const Tensor& x) { return sum(x, 1); }, {rows, row}},
    {"[n, 10] amax(x, 0)", [](const Tensor& x) { return amax(x, 0); }, {rows, row}},
    {"[n, 10] amax(x, 1)", [](const Tensor& x) { return amax(x, 1); }, {rows, row}},
    {"[n, 10] argmax(x, 1)", [](const Tensor& x) { return argmax(x, 1); }, {rows, row}},
    {"[256, 32, 2] softmax(x, 1)", [](const Tensor& x) { return softmax(x, 1); }, {256, 32, 2}},
    {"[8192, 2] var(x, 1)", [](const Tensor& x) { return var(x, 1); }, {8192, 2}},
    {"[n, 10] t()", [](const Tensor& x) { return x.t(); }, {rows, row}},
    {"[n, 10] softmax", [](const Tensor& x) { return softmax(x, 1); }, {rows, row}},
    {"[n, 10] layer_norm",
     [](const Tensor& x, const Tensor& w) { return layer_norm(x, {row}, w); },
     {rows, row},
     {row}},
};

/// Nanoseconds an element of f, the fastest of several repetitions.
template <class F>
double time_of(F f) {
  using Clock = std::chrono::steady_clock;
  double best = INFINITY;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = Clock::now();
    for (int k = 0; k < calls; ++k) f();
    best = std::min(best, std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best / calls / elements;
}

void print_times(const Work& work, DType dtype) {
  Generator random(1);
  const auto operand = [&](const Shape& shape) {
    return rand(shape, {.dtype = dtype}, random) * (work.high - work.low) + work.low;
  };
  const Tensor x = operand(work.x), w = operand(work.w);
  const double forward = time_of([&] { return work(x, w); });
  std::printf(" %9.3f", forward);

  const Tensor u = x.clone().requires_grad_(), v = w.clone().requires_grad_();
  const Tensor y = work(u, v);
  if (!y.requires_grad()) {
    std::printf(" %9s", "");
    return;
  }
  const Tensor cotangent = ones_like(y.detach());
  const double both = time_of([&] {
    return grad({work(u, v)}, {u, v}, {cotangent}, {.allow_unused = true});
  });
  std::printf(" %9.3f", std::max(both - forward, 0.0));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view part = argc > 1 ? argv[1] : "";
  const bool help = part == "--help" || part == "-h";
  if (argc > 2 || help) {
    std::printf(
        "usage: ops [PART]\n"
        "What ops whose name has PART in it cost an element, in ns: forward, and how much longer with the\n"
        "gradients of all operands. About %d elements, one thread, the fastest of %d.\n",
        static_cast<int>(elements), repetitions);
    return help ? 0 : 2;
  }
  set_num_threads(1);
  std::cout << build_info() << std::endl;
  std::printf("%-27s %9s %9s %9s %9s\n", "ns an element", "float32", "gradient", "float64", "gradient");
  for (const Work& work : works) {
    if (std::string_view(work.name).find(part) == std::string_view::npos) continue;
    std::printf("%-27s", work.name);
    for (const DType dtype : {float32, float64}) print_times(work, dtype);
    std::printf("\n");
  }
}
