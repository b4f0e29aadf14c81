#pragma once

#include <doctest/doctest.h>

#include <cstring>

#include "core/fuzz_ops.hpp"

// What holds for every program: its gradient is what differences say, and however it is computed, it has the
// same bits.

namespace xgrad::fuzz {

inline Tensors leaves_of(const Program& p) {
  Tensors x;
  for (const Tensor& t : p.inputs) x.push_back(t.clone().requires_grad_());
  return x;
}

/// But for the sign of a zero: where a part is added in place, the zeros around it are not.
inline bool same_bits(const Tensors& a, const Tensors& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].defined() != b[i].defined()) return false;
    if (!a[i].defined()) continue;
    if (!(a[i].shape() == b[i].shape())) return false;
    const auto p = a[i].data<double>(), q = b[i].data<double>();
    for (std::size_t k = 0; k < p.size(); ++k)
      if (std::memcmp(&p[k], &q[k], sizeof p[k]) != 0 && !(p[k] == 0 && q[k] == 0)) return false;
  }
  return true;
}

/// sum_k cotangent_k * output_k as a function of the inputs.
inline Tensor scalar_of(const Program& p, const Tensors& x) {
  Tensor total;
  for (const Tensor& y : p.run(x)) {
    const Tensor term = sum(y * numbers(p.seed, y.shape()));
    total = total.defined() ? total + term : term;
  }
  return total;
}

/// The ways of computing a gradient that give other bits than backward does.
inline std::vector<std::string> differences_of(const Program& p) {
  std::vector<std::string> faults;
  const auto expect = [&](const char* way, const Tensors& a, const Tensors& b) {
    if (!same_bits(a, b)) faults.push_back(std::string("other bits ") + way + ":\n" + p.code());
  };
  const Tensors x = leaves_of(p);
  const Tensor y = scalar_of(p, x);
  if (!y.requires_grad()) return faults;
  const auto by_grad = [&](GradOptions options) {
    options.allow_unused = true;
    return grad(y, x, options);
  };
  const Tensors dx = by_grad({.retain_graph = true});

  expect("with retain_graph, the second time", dx, by_grad({.retain_graph = true}));
  expect("with create_graph", dx, by_grad({.create_graph = true}));
  y.backward();
  Tensors left;
  for (const Tensor& t : x) left.push_back(t.grad());
  expect("by backward()", dx, left);
  {
    const NoGrad guard;
    expect("without recording", {y}, {scalar_of(p, x)});
  }
  const Tensor z = checkpoint([&p](const Tensors& t) { return scalar_of(p, t); }, x);
  expect("in a checkpoint", {y}, {z});
  expect("behind a checkpoint", dx, grad(z, x, {.allow_unused = true}));
  return faults;
}

struct Counts {
  std::int64_t programs = 0, steps = 0, right = 0, inconclusive = 0, kinks = 0;
};

struct Extent {
  int steps = 30;  ///< at most
  int order = 1;   ///< of the derivatives
};

/// Points close to the inputs. Where two kinks meet, the rules choose at each, and what they choose together
/// need not lie between the slopes along one axis; beside the point it has to.
inline Tensors beside(const Program& p) {
  Tensors x;
  for (const Tensor& t : p.inputs) x.push_back(t + 1e-3 * numbers(p.seed, t.shape()));
  return x;
}

/// What is wrong with a program, each time with its code; nothing if all is well.
inline std::vector<std::string> faults_of(const Program& p, int order, Counts& counts) {
  std::vector<std::string> faults = differences_of(p);
  if (!scalar_of(p, leaves_of(p)).requires_grad()) return faults;
  const auto check = [&](const Tensors& at) {
    return gradcheck([&p](const Tensors& x) { return p.run(x); }, at, {.order = order, .seed = p.seed});
  };
  auto result = check(p.inputs);
  if (!result && result.kinks > 0) result = check(beside(p));
  if (!result) faults.push_back(result.str() + p.code());
  ++counts.programs;
  counts.steps += static_cast<std::int64_t>(p.steps.size());
  counts.right += result.right;
  counts.inconclusive += result.inconclusive;
  counts.kinks += result.kinks;
  return faults;
}

/// The faults of the program of a seed, or of the shortest beginning of it that has any.
inline std::vector<std::string> faults_of(std::uint64_t seed, Extent extent, Counts& counts) {
  const bool on_a_grid =
      extent.order == 1 && seed % 4 == 0;  // at a kink nothing is known of second derivatives
  const Program whole = draw(seed, extent.steps, on_a_grid);
  const auto faults = faults_of(whole, extent.order, counts);
  if (faults.empty()) return faults;
  Program p = whole;
  p.steps.clear();
  for (const Step& step : whole.steps) {
    p.steps.push_back(step);
    p.outputs = {static_cast<int>(p.inputs.size() + p.steps.size()) - 1};
    Counts ignored;
    if (const auto shorter = faults_of(p, extent.order, ignored); !shorter.empty()) return shorter;
  }
  return faults;
}

/// Checks the programs of `count` seeds; to repeat one, expect_right(its seed, 1, extent).
inline void expect_right(std::uint64_t first, std::uint64_t count, Extent extent) {
  Counts counts;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    for (const std::string& fault : faults_of(seed, extent, counts))
      FAIL_CHECK("fuzz::expect_right(", seed, ", 1, {.steps = ", extent.steps, ", .order = ", extent.order,
                 "}):\n", fault);
  MESSAGE(counts.programs, " programs, ", counts.steps, " steps; slopes: ", counts.right, " right, ",
          counts.inconclusive, " inconclusive, ", counts.kinks, " kinks");
  if (count >= 100) CHECK(counts.right > 9 * (counts.inconclusive + counts.kinks));
}

}  // namespace xgrad::fuzz
