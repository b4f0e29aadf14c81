#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gradcheck/slope.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::checking {

using Values = std::vector<double>;
using Gradients = std::vector<Values>;  ///< one for each leaf
using Function = std::function<std::vector<Tensor>()>;

/// The elements of a floating tensor, in float64.
Values values_of(const Tensor& x);
Gradients values_of(const std::vector<Tensor>& tensors);

/// What was recorded on the way to these tensors, newest first as far as that is known; at most `most` nodes.
std::vector<detail::Node*> recorded_nodes(const std::vector<Tensor>& outputs, std::size_t most);

/// One element of a leaf, moved by step * unit.
struct Move {
  int leaf = 0;
  std::int64_t index = 0;
  double unit = 1;
};

/// A function of float64 leaves, which are moved in place and put back.
class Problem {
 public:
  /// Throws what f throws, and Error when no output is floating.
  Problem(Function f, std::vector<Tensor> leaves, std::vector<std::string> names);

  const std::vector<Tensor>& leaves() const { return leaves_; }
  const Tensor& leaf(int i) const { return leaves_[static_cast<std::size_t>(i)]; }
  int leaf_count() const { return static_cast<int>(leaves_.size()); }
  std::int64_t entry_count() const;
  const std::string& name(int i) const { return names_[static_cast<std::size_t>(i)]; }
  /// The size of numbers in this leaf: the median of those that are not 0, 1 if all are.
  double typical(int leaf) const { return typical_[static_cast<std::size_t>(leaf)]; }
  double largest(int leaf) const { return largest_[static_cast<std::size_t>(leaf)]; }
  double at(const Move& m) const {
    return points_[static_cast<std::size_t>(m.leaf)][static_cast<std::size_t>(m.index)];
  }
  /// The size that steps of this entry follow: its own, or the typical one where it is 0.
  double scale(const Move& m) const;

  /// The outputs, recorded; only the floating ones.
  std::vector<Tensor> outputs() const;
  /// All floating outputs at the leaves' own values, one after the other.
  const Values& value() const { return value_; }
  /// The same after some moves; nan where f throws or changes its shape.
  Values value_at(std::span<const Move> moves, double step);
  /// From here on f is not recorded to get its value: it is the same, and cheaper.
  void stop_recording() { recorded_ = false; }
  void start_recording() { recorded_ = true; }

  /// sum_k v_k d(output_k) / d(leaf), 0 where the outputs do not depend on a leaf.
  Gradients gradient(const Values& v) const;
  Gradients gradient_at(std::span<const Move> moves, double step, const Values& v);
  /// The same while it is recorded, from cotangents that want gradients themselves.
  Gradients recorded_gradient(const Values& v) const;
  /// The same, twice through one graph.
  std::pair<Gradients, Gradients> gradient_twice(const Values& v) const;
  /// The same, one output after the other.
  Gradients gradient_by_output(const Values& v) const;
  /// The same for one leaf; with `detached`, while the others require no gradient.
  Values gradient_alone(int leaf, const Values& v, bool detached);
  /// The same from outputs and their cotangents, as tensors.
  static std::vector<Tensor> gradient_of(const std::vector<Tensor>& outputs, const std::vector<Tensor>& seeds,
                                         const std::vector<Tensor>& leaves, GradOptions how = {});
  /// Part of v for each output.
  std::vector<Tensor> cotangents(const Values& v, const std::vector<Tensor>& outputs) const;

  /// Gives the leaves their own values back.
  void restore();

 private:
  void apply(std::span<const Move> moves, double step);
  Values call() const;

  Function f_;
  std::vector<Tensor> leaves_;
  std::vector<std::string> names_;
  Gradients points_;
  Values typical_, largest_;
  Values value_;
  bool recorded_ = true;
};

/// What an output's or a gradient's numbers owe to rounding: from the differences, of third to fifth order,
/// of eight values close to x along a random direction, which no smooth part survives (Moré and Wild,
/// Estimating Computational Noise, 2011). Once within a few hundred ulp, and once further away, for functions
/// that stand still so close to x.
Values rounding_noise(Problem& problem, Generator& random,
                      const std::function<Values(std::span<const Move>, double)>& f);

/// Random numbers of random sign, between 1/2 and 2 in size.
Values signed_numbers(std::size_t n, Generator& random);

/// The gradient at a point close to x, which the seed finds again.
struct Neighbour {
  std::uint64_t seed;
  Gradients gradient;
};

/// Everything that a comparison of gradients and differences reads.
struct Setting {
  Problem& problem;
  const GradcheckOptions& options;
  Generator random;
  Values v;                          ///< the cotangent; 0 where the output is not finite
  Values noise;                      ///< of the outputs
  Gradients gradient = {};           ///< for v
  double smallest = 1, largest = 1;  ///< sizes of all cotangents on the way from v to the gradient, but for 0
  std::optional<Gradients> gradient_noise = {};
  std::map<double, std::vector<Neighbour>> neighbours = {};  ///< by their distance; made when asked for

  double noise_of_gradient(int leaf, std::int64_t index);
  /// The effect of a shift along some moves.
  Shift shift(std::span<const Move> moves, double h);
  /// What the gradient along these moves owes to the outputs that did not move in the last shift.
  double gradient_of_still(std::span<const Move> moves) const;

  std::vector<bool> moved = {};  ///< which outputs did, in the last shift
};

}  // namespace xgrad::checking
