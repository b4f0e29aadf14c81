#include "finite.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "options_check.hpp"
#include "pass.hpp"

namespace xgrad::optim::detail {

namespace {

constexpr Kernel kernel = {.name = "is_finite", .owner = "error_if_nonfinite"};

template <class T>
bool all_finite(std::span<const T> values) {
  bool finite = true;
  for (const T v : values) finite &= std::abs(v) <= std::numeric_limits<T>::max();  // without a jump
  return finite;
}

}  // namespace

bool is_finite(const Tensor& gradient) {
  bool finite = true;
  with_type(gradient.dtype(), [&]<class T>(T) {
    const std::span<const T> values = gradient.data<T>();
    launch(kernel, {.bytes = std::ssize(values) * std::int64_t{sizeof(T)}},
           [&] { finite = all_finite(values); });
  });
  return finite;
}

void refuse_not_finite(const char* op, const std::string& parameter, const Tensor& gradient) {
  with_type(gradient.dtype(), [&]<class T>(T) {
    const std::span<const T> values = gradient.data<T>();
    const auto bad = std::find_if(values.begin(), values.end(), [](T v) { return !std::isfinite(v); });
    throw Error(std::string(op) + ": the gradient of " + parameter + " is not finite: it is " +
                gradient.describe() + ", its element " + std::to_string(bad - values.begin()) + " is " +
                number(static_cast<double>(*bad)) +
                "; AnomalyMode finds the op that made it; skip the step, or lower the learning rate");
  });
  __builtin_unreachable();
}

}  // namespace xgrad::optim::detail
