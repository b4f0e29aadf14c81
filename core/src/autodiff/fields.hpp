#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "xgrad/core/attribute.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::detail {

/// Takes the fields of an op's attributes, in their order.
class FieldList {
 public:
  template <class T>
  void operator()(const char* name, const T& value) {
    if constexpr (std::same_as<T, bool> || std::same_as<T, double> || std::same_as<T, std::string> ||
                  std::same_as<T, std::vector<std::int64_t>>)
      list_.push_back({name, value});
    else if constexpr (std::same_as<T, Scalar>)
      add_number(name, value);
    else if constexpr (std::same_as<T, DType>)
      list_.push_back({name, std::string(name_of(value))});
    else if constexpr (std::integral<T>)
      list_.push_back({name, static_cast<std::int64_t>(value)});
    else if constexpr (std::floating_point<T>)
      list_.push_back({name, static_cast<double>(value)});
    else
      list_.push_back({name, std::vector<std::int64_t>(value.begin(), value.end())});
  }

  std::vector<Attribute> take() { return std::move(list_); }

 private:
  void add_number(const char* name, Scalar s) {
    if (s.kind() == float64)
      list_.push_back({name, s.to<double>()});
    else if (s.kind() == int64)
      list_.push_back({name, s.to<std::int64_t>()});
    else
      list_.push_back({name, s.to<bool>()});
  }

  std::vector<Attribute> list_;
};

struct Fields {
  std::vector<Attribute> (*list)(const void* attributes);
};

/// How attributes of type A are read, which names its fields to whoever asks:
///
///     struct Along {
///       int axis;
///       void fields(auto&& field) const { field("axis", axis); }
///     };
template <class A>
inline constexpr Fields fields_of = {[](const void* attributes) {
  FieldList list;
  static_cast<const A*>(attributes)->fields(list);
  return list.take();
}};

/// The commonest attributes: a number, and an axis.
struct Number {
  Scalar number = 0;
  void fields(auto&& field) const { field("number", number); }
};
struct Along {
  int axis;
  void fields(auto&& field) const { field("axis", axis); }
};

}  // namespace xgrad::detail
