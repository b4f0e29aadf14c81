#pragma once

#include <functional>
#include <string>
#include <vector>

#include "xgrad/core.hpp"

// The tests that every op has to pass, as one table a family. A row says what an op is called, of which kind
// it is and on what it runs; the kind says which checks apply:
//
//   smooth, piecewise   gradcheck to second order in float64 with random cotangents, each input alone and all
//                       together, recorded value equal to unrecorded value; float32 against float64
//   indexed             the same for the floating inputs; indices of another dtype are rejected
//   not_differentiable  no gradient, or one of exactly 0; float32 against float64
//   random              the same seed gives the same values
//
// All: the graph is freed, and wrong dtypes are rejected under the op's name; what they make of integers and
// booleans is what they make of the same numbers in floating inputs, and exact where integers are kept; and
// float32 agrees with float64 at small and large inputs too. Elementwise ones also run on shapes that
// broadcast, on empty tensors and on numbers, near 0 and at large arguments of both signs, at zeros of both
// signs, infinities and nan, against the C library where it has the function; the others on the row's further
// shapes.

namespace xgrad::test {

enum class Kind { smooth, piecewise, not_differentiable, random, indexed };

/// Random elements of an input: floating ones in [low, high], integers from low to high, booleans.
struct Input {
  Shape shape;
  double low = -2;
  double high = 2;
  DType dtype = float64;
};

/// What an op makes of integers where floating inputs are expected: it converts each to the dtype of the
/// others or to float32, works on them where all are integers, or throws.
enum class Integers { converted, kept, rejected };

struct Row {
  std::string name;  ///< of the function, as it is declared and as its errors begin
  Kind kind = Kind::smooth;
  std::vector<Input> inputs = {};
  TensorFunction run = {};
  std::vector<std::vector<Shape>> shapes = {};  ///< further shapes of the inputs: empty ones, numbers
  bool elementwise = false;                     ///< takes any shapes that broadcast
  Integers integers = Integers::converted;
  int order = 2;  ///< of gradcheck: 1 where no second derivative is defined
  double factor =
      8;  ///< of eps and the condition number, within which float32 agrees with float64; 8 at most
  std::vector<Input> whole = {};  ///< its integers, where these have other limits; int64: never large
  std::string moderate = {};      ///< why it is not tried near 0 and at large arguments
  TensorFunction composed = {};   ///< the same from other ops, where the op or its gradient is fused
};

/// What is wrong with an op, in one line each; nothing if all is well.
std::vector<std::string> faults_of(const Row& row);

/// The table of a family: the rows of the functions that xgrad/core/ops/<name>.hpp declares. A table is a
/// constant at namespace scope, so that the declarations can be held against all tables.
class Family {
 public:
  Family(std::string name, std::vector<Row> rows);
  const std::string name;
  const std::vector<Row> rows;
};

/// Reports the faults of all rows of a family.
void check_rows(const Family& family);

/// A row for a function of one or more tensors, elementwise.
template <class F>
Row elementwise(std::string name, Kind kind, std::vector<Input> inputs, F f) {
  return {.name = std::move(name),
          .kind = kind,
          .inputs = std::move(inputs),
          .run = as_function(std::move(f)),
          .elementwise = true};
}

/// A row for any other function.
template <class F>
Row row(std::string name, Kind kind, std::vector<Input> inputs, F f,
        std::vector<std::vector<Shape>> shapes = {}) {
  return {.name = std::move(name),
          .kind = kind,
          .inputs = std::move(inputs),
          .run = as_function(std::move(f)),
          .shapes = std::move(shapes)};
}

/// The same row for an op that works on integers as they are, or throws.
inline Row keeping_integers(Row r) {
  r.integers = Integers::kept;
  return r;
}
inline Row rejecting_integers(Row r) {
  r.integers = Integers::rejected;
  return r;
}

/// The same row with its composed form.
template <class F>
Row composed_of(Row r, F f) {
  r.composed = as_function(std::move(f));
  return r;
}

/// The same row for an op that is not tried near 0 and at large arguments, and why not.
inline Row moderate(std::string why, Row r) {
  r.moderate = std::move(why);
  return r;
}

/// The same row for an op whose integers have other limits.
inline Row of_whole(Row r, std::vector<Input> inputs) {
  r.whole = std::move(inputs);
  return r;
}

/// The floating dtype among tensors, float32 where there is none: of what a row makes beside its inputs.
inline DType floating_dtype(const std::vector<Tensor>& x) {
  for (const Tensor& t : x)
    if (is_floating(t.dtype())) return t.dtype();
  return float32;
}

/// A row for a function that is not elementwise and demands floating operands.
template <class F>
Row floating_row(std::string name, Kind kind, std::vector<Input> inputs, F f,
                 std::vector<std::vector<Shape>> shapes = {}) {
  return rejecting_integers(row(std::move(name), kind, std::move(inputs), std::move(f), std::move(shapes)));
}

/// The message of the Error that f throws; "" if it throws none.
std::string message_of(const std::function<void()>& f);

}  // namespace xgrad::test
