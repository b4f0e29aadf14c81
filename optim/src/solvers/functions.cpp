#include "solvers/functions.hpp"

#include <cmath>
#include <limits>

#include "pass.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr Kernel convert_kernel = {.name = "solver_convert", .elementwise = true, .owner = "solver"};

template <class To, class From>
void convert(std::span<To> to, std::span<const From> from) {
  launch(convert_kernel, {.bytes = std::ssize(to) * std::int64_t{sizeof(To) + sizeof(From)}}, std::ssize(to),
         [&](std::int64_t first, std::int64_t last) {
           for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
             to[i] = static_cast<To>(from[i]);
         });
}

}  // namespace

void check_start(const std::string& solver, const Tensor& x) {
  if (!x.defined()) throw Error(solver + ": the start must be a floating tensor: it is undefined");
  if (!is_floating(x.dtype()) || x.numel() == 0)
    throw Error(solver + ": the start must be a floating tensor with elements: it is " + x.describe());
  if (!all_finite(flat_copy(x)))
    throw Error(solver + ": the start must be finite: it holds nan or inf: " + x.describe());
}

Tensor flat_copy(const Tensor& x) {
  const NoGrad guard;
  Tensor flat = empty({x.numel()}, {.dtype = float64});
  with_type(x.dtype(), [&]<class T>(T) { convert(flat.mutable_data<double>(), x.data<T>()); });
  return flat;
}

Tensor leaf_of(const Tensor& flat, const Tensor& like, bool requires_grad) {
  const NoGrad guard;
  Tensor x = empty(like.shape(), {.dtype = like.dtype()});
  with_type(like.dtype(), [&]<class T>(T) { convert(x.mutable_data<T>(), flat.data<double>()); });
  return x.requires_grad_(requires_grad);
}

Tensor one_value(const std::string& solver, const TensorFunction& f, const std::vector<Tensor>& x) {
  std::vector<Tensor> y = f(x);
  if (y.size() != 1)
    throw Error(solver + ": the function must return one tensor: it returned " + std::to_string(y.size()));
  if (!y[0].defined() || !is_floating(y[0].dtype()))
    throw Error(solver + ": the function must return a floating tensor: it returned " +
                (y[0].defined() ? y[0].describe() : std::string("an undefined one")));
  return y[0];
}

bool all_finite(const Tensor& flat) {
  for (const double v : flat.data<double>())
    if (!std::isfinite(v)) return false;
  return true;
}

void check_finite_at_start(const std::string& solver, const Tensor& value) {
  const Tensor flat = flat_copy(value);
  const std::span<const double> v = flat.data<double>();
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!std::isfinite(v[i]))
      throw Error(solver + ": the function must be finite at the start: element " + std::to_string(i) +
                  " is " + std::to_string(v[i]) + " of " + value.describe() + "; begin elsewhere");
}

double epsilon_of(DType dtype) {
  return dtype == float32 ? static_cast<double>(std::numeric_limits<float>::epsilon())
                          : std::numeric_limits<double>::epsilon();
}

void check_limit(const std::string& solver, const char* option, std::int64_t n) {
  if (n < 1) throw Error(solver + ": " + option + " must be at least 1: got " + std::to_string(n));
}

}  // namespace xgrad::optim::detail
