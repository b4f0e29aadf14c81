// ops [--help] [PART]: what elementwise ops cost an element, forward and with their gradient, of operands
// that lie in the L2 cache, on one thread.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <xgrad/xgrad.hpp>

using namespace xgrad;

namespace {

constexpr int elements = 16384, repetitions = 9, calls = 5;

struct Work {
  const char* name;
  Tensor (*op)(const Tensor& x, const Tensor& w);
  double low, high;  ///< of the operands
};

#define XGRAD_UNARY(op, low, high)                                       \
  Work {                                                                 \
#op, [](const Tensor& x, const Tensor&) { return op(x); }, low, high \
  }
#define XGRAD_BINARY(op, low, high)                                           \
  Work {                                                                      \
#op, [](const Tensor& x, const Tensor& w) { return op(x, w); }, low, high \
  }

const Work works[] = {
    XGRAD_BINARY(add, -2, 2),
    XGRAD_BINARY(mul, -2, 2),
    XGRAD_BINARY(div, 0.5, 2),
    XGRAD_UNARY(exp, -2, 2),
    XGRAD_UNARY(expm1, -2, 2),
    XGRAD_UNARY(log, 0.1, 2),
    XGRAD_UNARY(log1p, 0.1, 2),
    XGRAD_UNARY(sqrt, 0.1, 2),
    XGRAD_UNARY(reciprocal, 0.1, 2),
    XGRAD_UNARY(abs, -2, 2),
    XGRAD_UNARY(floor, -9, 9),
    XGRAD_UNARY(sin, -4, 4),
    XGRAD_UNARY(tan, -1, 1),
    XGRAD_UNARY(asin, -1, 1),
    XGRAD_UNARY(atan, -4, 4),
    XGRAD_UNARY(sinh, -2, 2),
    XGRAD_UNARY(tanh, -2, 2),
    XGRAD_UNARY(asinh, -2, 2),
    XGRAD_UNARY(erf, -2, 2),
    XGRAD_UNARY(erfc, -2, 2),
    XGRAD_UNARY(erfinv, -0.95, 0.95),
    XGRAD_UNARY(lgamma, 0.1, 20),
    XGRAD_UNARY(digamma, 0.1, 20),
    XGRAD_UNARY(sinc, -4, 4),
    XGRAD_BINARY(pow, 0.1, 3),
    {"pow(x, 2.5)", [](const Tensor& x, const Tensor&) { return pow(x, 2.5); }, 0.1, 3},
    XGRAD_BINARY(atan2, -2, 2),
    XGRAD_BINARY(hypot, -2, 2),
    XGRAD_BINARY(logaddexp, -2, 2),
    XGRAD_BINARY(xlogy, 0.1, 2),
    XGRAD_BINARY(fmod, 0.1, 20),
    XGRAD_BINARY(remainder, 0.1, 20),
    XGRAD_BINARY(floor_divide, 0.1, 20),
    XGRAD_BINARY(maximum, -2, 2),
    {"where(x > 0, x, w)", [](const Tensor& x, const Tensor& w) { return where(x > 0, x, w); }, -2, 2},
    {"clamp(x, -1, 1)", [](const Tensor& x, const Tensor&) { return clamp(x, -1, 1); }, -2, 2},
    XGRAD_UNARY(sigmoid, -4, 4),
    XGRAD_UNARY(softplus, -4, 4),
    XGRAD_UNARY(silu, -4, 4),
    XGRAD_UNARY(gelu, -4, 4),
    XGRAD_UNARY(mish, -4, 4),
    XGRAD_UNARY(relu, -2, 2),
    XGRAD_UNARY(elu, -2, 2),
};

#undef XGRAD_UNARY
#undef XGRAD_BINARY

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
  const auto operand = [&](bool requires_grad) {
    Tensor x = (rand({elements}, {.dtype = dtype}, random) * (work.high - work.low) + work.low).detach();
    return requires_grad ? x.requires_grad_() : x;
  };
  const Tensor x = operand(false), w = operand(false), u = operand(true), v = operand(true);
  const Tensor cotangent = ones_like(x);
  const double forward = time_of([&] { return work.op(x, w); });
  const double both = time_of([&] {
    return grad({work.op(u, v)}, {u, v}, {cotangent}, {.allow_unused = true});
  });
  std::printf(" %9.3f %9.3f", forward, std::max(both - forward, 0.0));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view part = argc > 1 ? argv[1] : "";
  if (argc > 2 || part == "--help" || part == "-h") {
    std::printf(
        "usage: ops [PART]\nWhat elementwise ops whose name has PART in it cost an element, in ns: forward, "
        "and how\n"
        "much longer with the gradients of all operands; %d elements, one thread, the fastest of %d.\n",
        elements, repetitions);
    return part == "--help" || part == "-h" ? 0 : 2;
  }
  set_num_threads(1);
  std::printf("%-20s %9s %9s %9s %9s\n", "ns an element", "float32", "gradient", "float64", "gradient");
  for (const Work& work : works) {
    if (std::string_view(work.name).find(part) == std::string_view::npos) continue;
    std::printf("%-20s", work.name);
    for (const DType dtype : {float32, float64}) print_times(work, dtype);
    std::printf("\n");
  }
}
