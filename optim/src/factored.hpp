#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "sums.hpp"

namespace xgrad::optim::detail {

/// The sizes of a stack of matrices.
struct Stack {
  std::size_t count, rows, columns;
};

/// Second moments v of a stack of matrices, of which the means of the rows and columns are remembered:
/// v[i, j] = row[i] column[j] / mean(row). Then 1 / sqrt(v[i, j]) is a product of a factor of the row and one
/// of the column, which lie in vectors that are kept from step to step.
class Factored {
 public:
  Factored(Stack stack, std::vector<double>& of_rows, std::vector<double>& of_columns)
      : stack_(stack), of_rows_(of_rows), of_columns_(of_columns) {
    of_rows_.assign(stack.count * stack.rows, 0);
    of_columns_.assign(stack.count * stack.columns, 0);
  }

  /// Takes g^2 + eps into the means, of which each keeps the share beta, and makes the factors.
  template <class T>
  void take(const T* g, std::span<T> rows, std::span<T> columns, double beta, double eps) {
    each_row([&](std::size_t row, double& sum, double* by_column) {
      const T* from = g + row * stack_.columns;
      for (std::size_t j = 0; j < stack_.columns; ++j)
        by_column[j] += static_cast<double>(from[j]) * static_cast<double>(from[j]) + eps;
      sum = sum_of_squares(stack_.columns, [=](std::size_t j) { return from[j]; }) +
            eps * static_cast<double>(stack_.columns);
    });
    mix(rows, of_rows_, beta, stack_.columns);
    mix(columns, of_columns_, beta, stack_.rows);
    for (std::size_t k = 0; k < stack_.count; ++k) {
      const std::span<const T> own = rows.subspan(k * stack_.rows, stack_.rows);
      double mean = 0;
      for (const T r : own) mean += static_cast<double>(r) / static_cast<double>(stack_.rows);
      for (std::size_t i = 0; i < stack_.rows; ++i)
        of_rows_[k * stack_.rows + i] = std::sqrt(mean / static_cast<double>(own[i]));
    }
    for (std::size_t j = 0; j < columns.size(); ++j)
      of_columns_[j] = 1 / std::sqrt(static_cast<double>(columns[j]));
  }

  /// The sum of g^2 / v.
  template <class T>
  double squares_of_direction(const T* g) {
    double all = 0;
    each_row([&](std::size_t row, double factor, const double* by_column) {
      const T* from = g + row * stack_.columns;
      all += factor * factor * sum_of_squares(stack_.columns, [=](std::size_t j) {
               return static_cast<double>(from[j]) * by_column[j];
             });
    });
    return all;
  }

  /// Calls f(i, g[i] / sqrt(v[i])) for each element.
  template <class T, class F>
  void each(const T* g, const F& f) {
    each_row([&](std::size_t row, double factor, const double* by_column) {
      const std::size_t first = row * stack_.columns;
      const T by_row = static_cast<T>(factor);
      for (std::size_t j = 0; j < stack_.columns; ++j)
        f(first + j, g[first + j] * by_row * static_cast<T>(by_column[j]));
    });
  }

 private:
  /// Calls f(row, what belongs to the row, what belongs to the columns of its matrix).
  template <class F>
  void each_row(const F& f) {
    std::size_t row = 0;
    for (std::size_t k = 0; k < stack_.count; ++k)
      for (std::size_t i = 0; i < stack_.rows; ++i, ++row)
        f(row, of_rows_[row], of_columns_.data() + k * stack_.columns);
  }

  template <class T>
  static void mix(std::span<T> means, const std::vector<double>& sums, double beta, std::size_t count) {
    for (std::size_t i = 0; i < means.size(); ++i)
      means[i] = static_cast<T>(beta * static_cast<double>(means[i]) +
                                (1 - beta) * (sums[i] / static_cast<double>(count)));
  }

  Stack stack_;
  std::vector<double>&of_rows_, &of_columns_;
};

}  // namespace xgrad::optim::detail
