#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/core.hpp"

// Random programs on small float64 tensors: what one is made of, and how it is drawn. fuzz_ops.hpp has the
// ops, fuzz.hpp the checks.

namespace xgrad::fuzz {

using Tensors = std::vector<Tensor>;

/// Constants of a program, from a seed, so that its code shows them in one word.
inline Tensor numbers(std::uint64_t seed, const Shape& shape, double low = -2, double high = 2) {
  std::mt19937_64 random(seed);
  std::vector<double> v(static_cast<std::size_t>(shape.numel()));
  for (double& u : v) u = low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
  return tensor(v, shape);
}
/// Multiples of 1/2, among which there are ties and kinks.
inline Tensor halves(std::uint64_t seed, const Shape& shape) { return round(numbers(seed, shape) * 2) / 2; }
inline Tensor labels(std::uint64_t seed, const Shape& shape, std::int64_t classes) {
  return floor(numbers(seed, shape, 0, static_cast<double>(classes))).to(int64);
}
inline Tensor mask(std::uint64_t seed, const Shape& shape) { return numbers(seed, shape) > 0; }

/// A leaf that was changed in place in several ways, as the rules allow.
inline Tensor changed(Tensor x, const Tensor& by) {
  x.add_(by, 0.5).mul_(by);
  if (x.dim() > 0) x.index_put_({Slice{.step = 2}}, by.slice(0, 0, Tensor::end_of_axis, 2), true);
  x.reshape({-1}) -= 0.25 * ones({}, {.dtype = float64});  // through another handle on the same elements
  return x;
}

struct Step {
  std::string code;       ///< the right-hand side, on v0, v1, ...
  std::vector<int> from;  ///< the values that it reads
  std::function<Tensor(const Tensors& v)> run;
};

/// Inputs v0, v1, ..., and steps that each make the next value from earlier ones.
struct Program {
  std::uint64_t seed = 0;
  bool on_a_grid = false;  ///< the inputs are halves
  Tensors inputs = {};
  std::vector<Step> steps = {};
  std::vector<int> outputs = {};

  Tensors run(const Tensors& x) const {
    Tensors v = x, y;
    for (const Step& step : steps) v.push_back(step.run(v));
    for (int i : outputs) y.push_back(v[static_cast<std::size_t>(i)]);
    return y;
  }

  /// The steps that the outputs depend on, as C++.
  std::string code() const {
    std::vector<bool> wanted(inputs.size() + steps.size());
    for (int i : outputs) wanted[static_cast<std::size_t>(i)] = true;
    for (std::size_t k = steps.size(); k-- > 0;)
      if (wanted[inputs.size() + k])
        for (int i : steps[k].from) wanted[static_cast<std::size_t>(i)] = true;
    std::ostringstream s;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!wanted[i]) continue;
      s << "const Tensor v" << i << " = ";
      if (i < inputs.size())
        s << (on_a_grid ? "halves(" : "numbers(") << seed + i << ", " << braces(inputs[i].shape()) << ");\n";
      else
        s << steps[i - inputs.size()].code << ";\n";
    }
    s << "return {";
    for (std::size_t i = 0; i < outputs.size(); ++i) s << (i ? ", v" : "v") << outputs[i];
    s << "};\n";
    return s.str();
  }

  static std::string braces(const Shape& shape) {
    std::string s = shape.str();
    s.front() = '{', s.back() = '}';
    return s;
  }
};

/// A program on its way, with the values at its inputs, by which the next step is chosen.
class Sketch {
 public:
  Sketch(std::uint64_t seed, bool on_a_grid) : random_(seed) {
    program_.seed = seed;
    program_.on_a_grid = on_a_grid;
    const std::uint64_t inputs = 1 + static_cast<std::uint64_t>(below(4));
    for (std::uint64_t i = 0; i < inputs; ++i)
      program_.inputs.push_back(on_a_grid ? halves(seed + i, shape()) : numbers(seed + i, shape()));
    values_ = program_.inputs;
  }

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  bool flip() { return below(2) == 0; }
  std::uint64_t seed() { return random_() % 1000000; }
  Shape shape() {
    Shape s;
    for (int axes = below(4); axes > 0; --axes) s.push_back(between(1, 4));
    return s;
  }

  int count() const { return static_cast<int>(values_.size()); }
  const Tensor& at(int i) const { return values_[static_cast<std::size_t>(i)]; }
  /// Any value; one of the latest half of the time.
  int any() { return flip() ? below(count()) : std::max(0, count() - 1 - below(3)); }
  int axis(int i) { return at(i).dim() == 0 ? 0 : between(-at(i).dim(), at(i).dim() - 1); }
  std::int64_t size(int i, int axis) const { return at(i).dim() == 0 ? 1 : at(i).size(axis); }

  /// Adds a step if its value is of a size that differences can be taken of.
  bool add(Step step) {
    const Tensor y = step.run(values_);
    if (y.numel() == 0 || y.numel() > 200 || y.dim() > 5 || y.dtype() != float64) return false;
    for (double u : y.data<double>())
      if (!(std::abs(u) < 100)) return false;
    program_.steps.push_back(std::move(step));
    values_.push_back(y);
    return true;
  }

  Program finish() {
    program_.outputs = {count() - 1};
    for (int more = below(3); more > 0; --more) program_.outputs.push_back(below(count()));
    return std::move(program_);
  }

 private:
  std::mt19937_64 random_;
  Program program_;
  Tensors values_;
};

/// The pieces one after the other: text("flip(", "v3", ", ", 1, ")").
template <class... P>
std::string text(const P&... pieces) {
  std::ostringstream s;
  (s << ... << pieces);
  return s.str();
}

}  // namespace xgrad::fuzz
