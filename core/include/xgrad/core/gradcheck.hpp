#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/core/function.hpp"

// Checks gradients against differences of the function itself. A central difference is taken at two steps
// and extrapolated (Richardson, 1911), and its truncation and rounding errors are estimated for every entry,
// so that no tolerance needs tuning. The steps follow each entry's own size, and change where the estimate
// is not good enough. What differences cannot see is checked on the rules directly: GradProperty.

namespace xgrad {

/// What a check says about one entry of a gradient.
enum class Verdict : std::uint8_t {
  right,         ///< it agrees, and the differences are accurate enough to tell
  wrong,         ///< it disagrees by more than every error together, at several steps
  inconclusive,  ///< the differences are too noisy to tell
  kink,          ///< the slopes to the left and to the right, or close by, differ, and it lies between them
};

/// What every gradient has to satisfy.
enum class GradProperty : std::uint8_t {
  value,             ///< it is the derivative
  linearity,         ///< it is linear in the cotangent: sums, signs and sizes from 1e-30 to 1e30, and ones
  zero_cotangent,    ///< a cotangent of 0 gives exactly 0
  mutation,          ///< neither inputs, outputs nor the cotangent change
  dtype,             ///< it has its input's dtype
  shape,             ///< it has its input's shape
  repeatability,     ///< the function and its gradient give the same bits twice, in one graph too
  subset_of_inputs,  ///< each input alone gets what it gets among all
  recording,         ///< the function and its gradient have the same values recorded and unrecorded
  float32_rules,     ///< in float32 it agrees with float64
  no_error,          ///< backward does not throw
};

/// "value", "linearity in the cotangent", "zero cotangent", ...
const char* name_of(GradProperty p);

struct GradcheckOptions {
  double rtol = 1e-6;      ///< relative tolerance; an entry is right only if its error estimate is below
  int order = 1;           ///< 2: also the gradient's own gradient, and so on
  std::uint64_t seed = 1;  ///< of cotangents and directions; the default Generator is never touched
  std::int64_t max_entries = 500;       ///< with more than these, inputs are checked along random directions
  int directions = 16;                  ///< for each input that is checked along directions
  bool float32_rules = false;           ///< run in float32 too, and compare; on where inputs are float32
  std::vector<std::string> names = {};  ///< of the inputs, for the report
};

/// One compared number: an entry of the gradient, or the gradient along a direction.
struct GradcheckEntry {
  int input = 0;
  std::int64_t index = -1;  ///< row-major; -1 for a direction
  Verdict verdict = Verdict::right;
  double analytic = 0;
  double numeric = 0;
  double error = 0;        ///< estimated error of numeric
  bool blind = false;      ///< inconclusive, and not even a hundredth of the slope could be seen
  std::string place = {};  ///< "input 0 [1, 2]"
  std::string note = {};
};

struct GradcheckFailure {
  GradProperty property = GradProperty::value;
  std::string message;
};

/// What gradcheck found. Prints as a report; converts to true when nothing is wrong.
struct GradcheckResult {
  std::string op;                   ///< that made the first output, and those behind it: "mul of tanh, add"
  std::vector<std::string> inputs;  ///< name, dtype and shape of each
  int order = 1;
  std::int64_t right = 0, wrong = 0, inconclusive = 0, kinks = 0;
  std::int64_t blind = 0;  ///< of the inconclusive: those where nothing could be seen at all
  std::vector<GradcheckFailure> failures;
  std::vector<GradcheckEntry> worst;  ///< wrong ones first, then by relative distance
  std::string cause;                  ///< a guess from the pattern of the errors, "" without one
  std::string note;                   ///< what was left out, and why
  std::string reproduce;              ///< the call that repeats this check
  double taylor_slope = 0;  ///< decay of the Taylor remainder along a direction: 2 if right, 1 if wrong,
                            ///< 0 where it is rounding alone (a linear function)
  std::vector<GradcheckResult> next;  ///< the check of the next order, if there was one

  /// True when no property failed at any order, and something could be checked.
  bool ok() const;
  explicit operator bool() const { return ok(); }
  /// True when this property failed, at this order or a higher one.
  bool failed(GradProperty p) const;
  /// The report; with ANSI colours on request.
  std::string str(bool colour = false) const;
};

/// Prints the report, in colour when `out` is a terminal.
std::ostream& operator<<(std::ostream& out, const GradcheckResult& result);

namespace detail {

/// A callable std::vector<Tensor>(const std::vector<Tensor>&), seen for the length of one call.
class TensorsFunction {
 public:
  template <class F>
  requires(!std::same_as<F, TensorsFunction>) explicit TensorsFunction(const F& f)
      : callable_(&f), run_([](const void* c, const std::vector<Tensor>& x) -> std::vector<Tensor> {
          return (*static_cast<const F*>(c))(x);
        }) {}

  std::vector<Tensor> operator()(const std::vector<Tensor>& x) const { return run_(callable_, x); }

 private:
  const void* callable_;
  std::vector<Tensor> (*run_)(const void*, const std::vector<Tensor>&);
};

GradcheckResult gradcheck(TensorsFunction f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options);
GradcheckResult gradcheck_parameters(TensorsFunction f, const std::vector<Tensor>& parameters,
                                     const GradcheckOptions& options);

}  // namespace detail

/// Checks the gradient of f at `inputs`.
///
/// f takes the inputs as separate tensors or as one std::vector<Tensor> (or span), and returns a Tensor or a
/// std::vector<Tensor>. It is differentiated with respect to the inputs that require a gradient, or all
/// floating ones if none does; the others are held constant. The inputs themselves never change: f gets
/// copies, in float64. Small inputs take about four calls of f for each entry.
///
///     CHECK(gradcheck([](const Tensor& a, const Tensor& b) { return matmul(a, b); }, {a, b}, {.order = 2}));
///
/// Throws what f throws at the inputs; Error when there is nothing to differentiate.
template <class F>
GradcheckResult gradcheck(F&& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options = {}) {
  const auto call = [&f](const std::vector<Tensor>& x) { return detail::call_with("gradcheck", f, x); };
  return detail::gradcheck(detail::TensorsFunction(call), inputs, options);
}

/// The same for overloaded functions: `gradcheck(tanh, {x})`, `gradcheck(mul, {a, b})`.
inline GradcheckResult gradcheck(Tensor (*f)(const Tensor&), const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {}) {
  return gradcheck([f](const Tensor& x) { return f(x); }, inputs, options);
}
inline GradcheckResult gradcheck(Tensor (*f)(const Tensor&, const Tensor&), const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {}) {
  return gradcheck([f](const Tensor& a, const Tensor& b) { return f(a, b); }, inputs, options);
}

/// Checks the gradient of f() with respect to float64 leaves that f reads, such as the parameters of a model.
///
/// They are changed in place during the check and have their old bits afterwards, also if f throws.
template <class F>
GradcheckResult gradcheck_parameters(F&& f, const std::vector<Tensor>& parameters,
                                     const GradcheckOptions& options = {}) {
  const auto call = [&f](const std::vector<Tensor>&) { return detail::as_tensors(f()); };
  return detail::gradcheck_parameters(detail::TensorsFunction(call), parameters, options);
}

/// Throws Error with the report unless the check passed; returns its argument.
const GradcheckResult& require(const GradcheckResult& result);

}  // namespace xgrad
