#include "ops/linalg/spectral.hpp"
#include "kernels/loops/work.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "ops/linalg/matrices.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {
namespace {

template <class T>
T largest(const T* x, std::int64_t n) {
  T most = 0;
  for (std::int64_t i = 0; i < n; ++i) most = std::max(most, std::abs(x[i]));
  return most;
}

/// Differences up to this are rounding errors.
template <class T>
T rounding(const T* values, std::int64_t count, std::int64_t n) {
  return 4 * static_cast<T>(n) * std::numeric_limits<T>::epsilon() * largest(values, count);
}

std::string number_of(std::int64_t i) { return std::to_string(i); }

/// An element of a quotient: the matrix, and the values in its denominator.
struct Place {
  std::int64_t matrix, i, j;  // i = j for a value alone
};

[[noreturn]] void fail_equal(const Spectrum& s, const Tensor& num, const Place& at, const char* what) {
  const std::string name = s.name, of = " of " + matrix_name(num, at.matrix);
  const std::string which =
      at.i == at.j ? "number " + number_of(at.i) + " of the " + name + of + " is 0"
                   : name + " " + number_of(at.i) + " and " + number_of(at.j) + of + " are equal";
  fail(s.op, which + ", and the function " + what + ": the " + name + " are " + s.values.describe());
}

void check_quotient(const Spectrum& s, const Tensor& num, const Place& at, bool small) {
  if (!small)
    fail_equal(s, num, at,
               "depends on the choice of their vectors, so it has no gradient; use the values, or the "
               "vectors of all "
               "equal values together");
  if (!s.cotangent.defined()) return;
  const std::int64_t count = s.values.size(-1);
  const auto counts = [&](std::int64_t i) {
    return visit_floating(num.dtype(), [&](auto t) {
      return ptr<type_of<decltype(t)>>(s.cotangent)[at.matrix * count + i] != 0;
    });
  };
  if (counts(at.i) || counts(at.j))
    fail_equal(
        s, num, at,
        "depends on them and on their vectors, so its gradient cannot be told from these; take values and "
        "vectors from two calls if it is a sum of a part with each, or move the matrix off this point");
}

/// Which values are in the denominator at [i, j].
enum class By : std::uint8_t { pairs, rows, columns };

/// These values, or nothing where there is nothing to check.
std::optional<Place> place_of(By by, std::int64_t k, std::int64_t i, std::int64_t j) {
  if (by == By::pairs) return i == j ? std::nullopt : std::optional(Place{k, i, j});
  return by == By::rows ? Place{k, j, j} : Place{k, i, i};
}

struct Quotient {
  const char* op;
  const char* name;
  std::int64_t n;
  By by;
  void fields(auto&& field) const {
    constexpr const char* names[] = {"pairs", "rows", "columns"};
    field("n", n), field("by", std::string(names[static_cast<int>(by)]));
  }
};

/// True where den is 0 up to rounding, checked there.
Tensor near_zero(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale, By by) {
  static constexpr Op op = {.name = "near_zero", .fields = &fields_of<Quotient>, .again = [](Call c) {
                              const auto& [as, name, n, values] = c.attributes<Quotient>();
                              return near_zero({as, name, c.x(3), c.x(4), n}, c.x(0), c.x(1), c.x(2), values);
                            }};
  static constexpr Kernel near_zero_kernel = {.name = "near_zero"};
  Tensor near = new_tensor(den.shape(), boolean);
  const MatrixSizes sizes(num), of_den(den), of_scale(scale);
  const std::int64_t count = s.values.size(-1);
  visit_floating(num.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    const T noise = std::sqrt(std::numeric_limits<T>::epsilon());
    const auto of_matrix = [&](std::int64_t k) {
      const T zero = rounding(ptr<T>(s.values) + k * count, count, s.n);
      const T small = noise * largest(ptr<T>(scale) + k * of_scale.elements, of_scale.elements);
      const T *d = ptr<T>(den) + k * of_den.elements, *x = ptr<T>(num) + k * sizes.elements;
      bool* is_near = ptr<bool>(near) + k * of_den.elements;
      for (std::int64_t i = 0; i < of_den.elements; ++i) is_near[i] = std::abs(d[i]) <= zero;
      for (std::int64_t i = 0; i < sizes.rows; ++i)
        for (std::int64_t j = 0; j < sizes.columns; ++j) {
          const std::int64_t row = of_den.rows == 1 ? 0 : i, column = of_den.columns == 1 ? 0 : j;
          if (!is_near[row * of_den.columns + column]) continue;
          if (const std::optional<Place> at = place_of(by, k, i, j))
            check_quotient(s, num, *at, !(std::abs(x[i * sizes.columns + j]) > small));
        }
    };
    launch(near_zero_kernel, {.bytes = den.numel() * bytes_of<T, bool>}, [&] {
      for (std::int64_t k = 0; k < sizes.count; ++k) of_matrix(k);
    });
  });
  const std::array<Ref, 5> inputs = {num, den, scale, s.values, s.cotangent};
  return pass(op, std::span(inputs).first(s.cotangent.defined() ? 5 : 4), std::move(near), [&] {
    return Quotient{s.op, s.name, s.n, by};
  });
}

Tensor divide(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale, By by) {
  const Tensor near = near_zero(s, num, den, scale, by);
  return where(near, 0, num) / where(near, 1, den);
}

}  // namespace

Tensor divide_by_pairs(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale) {
  return divide(s, num, den, scale, By::pairs);
}

Tensor divide_by_values(const Spectrum& s, const Tensor& num, const Tensor& den, const Tensor& scale) {
  const bool in_rows = den.size(-2) == 1 && den.size(-1) == num.size(-1);
  return divide(s, num, den, scale, in_rows ? By::rows : By::columns);
}

namespace {

struct Once {
  const char* op;
  const char* name;
  std::int32_t n;
  bool at_zero;
  void fields(auto&& field) const { field("n", n), field("at_zero", at_zero); }
};

/// Throws if the cotangent of a vector is not 0 though its value is not alone.
void check_once(const Tensor& g, const Tensor& values, const Once& once) {
  const MatrixSizes sizes(g);
  const std::int64_t count = values.size(-1);
  visit_floating(g.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t k = 0; k < sizes.count; ++k) {
      const T* v = ptr<T>(values) + k * count;
      const T zero = rounding(v, count, once.n);
      const auto alone = [&](std::int64_t j) {
        return (j == 0 || std::abs(v[j] - v[j - 1]) > zero) &&
               (j + 1 == count || std::abs(v[j + 1] - v[j]) > zero) &&
               (!once.at_zero || std::abs(v[j]) > zero);
      };
      for (std::int64_t j = 0; j < count; ++j)
        for (std::int64_t i = 0; i < sizes.rows && !alone(j); ++i)
          if (ptr<T>(g)[k * sizes.elements + i * sizes.columns + j] != 0)
            fail(once.op, std::string("no second derivative is known where ") + once.name +
                              " are equal (or 0, of a matrix that is not square): number " + number_of(j) +
                              " of " + matrix_name(g, k) + " is not alone: the " + once.name + " are " +
                              values.describe() +
                              "; write the function without them, or move the matrix off this point");
    }
  });
}

}  // namespace

Tensor once_differentiable(const Spectrum& s, const Tensor& vectors, bool at_zero) {
  static constexpr Op op = {.name = "once_differentiable",
                            .vjp = {{{keep::x(1),
                                      [](Grad g, Fn f) {
                                        check_once(g, f.x(1), f.attributes<Once>());
                                        return g;
                                      }}}},
                            .fields = &fields_of<Once>,
                            .again = [](Call c) {
                              const auto [as, name, n, zero] = c.attributes<Once>();
                              return once_differentiable({as, name, c.x(1), {}, n}, c.x(0), zero);
                            }};
  return record(op, {vectors, s.values}, new_view(vectors, vectors.shape()),
                Once{s.op, s.name, static_cast<std::int32_t>(s.n), at_zero});
}

}  // namespace xgrad::detail
