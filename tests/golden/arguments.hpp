#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "xgrad/core.hpp"

namespace golden {

using xgrad::Shape;
using xgrad::Tensor;
using Json = nlohmann::json;

/// A case asks for something that the program cannot express.
struct Unknown {
  std::string what;
};

/// The names under which an attribute is known: PyTorch's first, then NumPy's and others.
using Names = std::initializer_list<const char*>;

/// A number as the files write it: 1.5, "1.5", "inf", "-inf" or "nan".
double to_number(const Json& value);
/// A tensor from nested lists, or from {"shape", "data", "dtype"}.
Tensor to_tensor(const Json& value, xgrad::DType dtype = xgrad::float64);

/// What one call of an op is given: tensors by position and attributes by name.
class Arguments {
 public:
  Arguments(std::vector<Tensor> inputs, Json attributes)
      : inputs_(std::move(inputs)), attributes_(std::move(attributes)) {}

  std::size_t count() const { return inputs_.size(); }
  const std::vector<Tensor>& inputs() const { return inputs_; }
  /// The i-th tensor. Throws Unknown when there are fewer.
  const Tensor& input(std::size_t i) const;
  /// The i-th tensor, or else the attribute as one, or else an undefined one.
  Tensor tensor(std::size_t i, Names names) const;
  Tensor attribute_tensor(Names names) const;
  /// An input that must be there as integers, or as booleans.
  Tensor integers(std::size_t i, Names names) const;
  Tensor mask(std::size_t i, Names names) const;
  /// An input that the op cannot do without.
  Tensor required(std::size_t i, Names names) const;

  bool has(Names names) const { return find(names) != nullptr; }
  double number(Names names, double otherwise) const;
  double number(Names names) const;
  std::int64_t integer(Names names, std::int64_t otherwise) const;
  std::int64_t integer(Names names) const;
  int axis(int otherwise) const { return static_cast<int>(integer({"dim", "axis"}, otherwise)); }
  bool flag(Names names, bool otherwise) const;
  std::string text(Names names, const std::string& otherwise) const;
  /// A list of integers, or one integer as a list of one; empty where there is none.
  std::vector<std::int64_t> list(Names names) const;
  xgrad::Axes axes(Names names = {"dim", "axis", "dims", "axes"}) const;
  xgrad::Pair pair(Names names, int otherwise) const;
  xgrad::Reduction reduction(xgrad::Reduction otherwise) const;

  /// Attributes that the call did not read, and that are no remark: then the op is not the one that was asked
  /// for.
  std::vector<std::string> unread() const;

 private:
  const Json* find(Names names) const;

  std::vector<Tensor> inputs_;
  Json attributes_;
  mutable std::set<std::string> read_;
};

}  // namespace golden
