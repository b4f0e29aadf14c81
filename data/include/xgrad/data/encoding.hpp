#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

/// What a table of training data says about others: the categories of its columns in words, what fills its
/// missing values, and the classes of its label in words. It is state, saved with the model that needs it.
class Encoding {
 public:
  /// False until a table was read with it.
  bool fitted() const { return !text_.empty(); }

  /// For each column of features as they are in the file: its categories in alphabetical order, none where it
  /// holds numbers.
  const std::vector<std::vector<std::string>>& categories() const { return categories_; }
  /// What fills each of these columns, float64 [columns]: a number, or the number of a category; nan where
  /// nothing does.
  const Tensor& fill() const { return fill_; }
  /// The classes of a label in words.
  const std::vector<std::string>& classes() const { return classes_; }

  /// Sets all of it.
  void assign(std::vector<std::vector<std::string>> categories, const Tensor& fill,
              std::vector<std::string> classes);

  /// Names "words", the categories and classes as one text, and "fill", undefined before it is fitted.
  void visit(Visitor& v);

 private:
  std::string text_;  // the lists below
  std::vector<std::vector<std::string>> categories_;
  std::vector<std::string> classes_;
  Tensor fill_;
};

}  // namespace xgrad::data
