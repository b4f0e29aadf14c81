#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "xgrad/core/error.hpp"

namespace xgrad {

/// The type of a tensor's elements.
enum class DType : std::uint8_t { float32, float64, int64, boolean };

inline constexpr DType float32 = DType::float32;
inline constexpr DType float64 = DType::float64;
inline constexpr DType int64 = DType::int64;
inline constexpr DType boolean = DType::boolean;

/// True for float32 and float64, the types that can carry a gradient.
constexpr bool is_floating(DType t) { return t == float32 || t == float64; }

/// Bytes of one element.
constexpr int size_of(DType t) { return t == float32 ? 4 : t == boolean ? 1 : 8; }

/// Short name, as errors and printing show it: f32, f64, i64, bool.
constexpr const char* name_of(DType t) {
  constexpr const char* names[] = {"f32", "f64", "i64", "bool"};
  return names[static_cast<int>(t)];
}

/// The C++ types that a tensor stores: float, double, std::int64_t and bool.
template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::int64_t> ||
    std::same_as<T, bool>;

/// The DType of an element type.
template <Element T>
inline constexpr DType dtype_of = std::same_as<T, float>    ? float32
                                  : std::same_as<T, double> ? float64
                                  : std::same_as<T, bool>   ? boolean
                                                            : int64;

/// A C++ number as an operand: takes the floating dtype of the tensor that it meets.
///
/// Integers stay integers, so `x / v.size()` compiles without a warning and `int64 * 2` stays int64.
class Scalar {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Scalar(T v)  // NOLINT(google-explicit-constructor): numbers are operands
      : kind_(std::floating_point<T>  ? float64
              : std::same_as<T, bool> ? boolean
                                      : int64) {
    if constexpr (std::floating_point<T>)
      real_ = static_cast<double>(v);
    else
      integer_ = static_cast<std::int64_t>(v);
  }

  /// float64 for a floating number, int64 for an integer, boolean for a bool.
  constexpr DType kind() const { return kind_; }

  /// The value, converted as a C++ cast converts it. Throws Error, which names the user, for a number that no
  /// integer of type T is near to.
  template <class T>
  constexpr T to(const char* user = "Scalar") const {
    if constexpr (std::integral<T> && !std::same_as<T, bool>) {
      using Limits = std::numeric_limits<T>;
      if (kind_ == float64
              ? !(real_ > static_cast<double>(Limits::min()) - 1 &&
                  real_ < 2 * static_cast<double>(Limits::max() / 2 + 1))
              : std::cmp_less(integer_, +Limits::min()) || std::cmp_greater(integer_, +Limits::max()))
        does_not_fit(user);
    }
    return kind_ == float64 ? static_cast<T>(real_) : static_cast<T>(integer_);
  }

 private:
  [[noreturn]] void does_not_fit(const char* user) const;

  DType kind_;
  union {
    double real_;
    std::int64_t integer_;
  };
};

}  // namespace xgrad
