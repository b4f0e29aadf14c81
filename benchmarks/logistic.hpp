#pragma once

#include "support/work.hpp"

// Logistic regression on 100,000 rows of 100 numbers, float64, one step of full-batch gradient descent.

namespace bench::logistic {

inline constexpr int rows = 100'000, columns = 100;
inline constexpr double lr = 0.1;

struct Inputs {
  std::vector<double> x = uniform<double>(static_cast<std::int64_t>(rows) * columns, -1, 1, 1), t, w, b{0.1};
  Inputs() : w(uniform<double>(columns, -0.1, 0.1, 2)) {
    for (const std::int64_t label : labels(rows, 2, 3)) t.push_back(static_cast<double>(label));
  }
};

inline const Inputs& inputs() {
  static const Inputs in;
  return in;
}

}  // namespace bench::logistic
