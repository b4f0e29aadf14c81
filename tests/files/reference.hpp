#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "datasets/files.hpp"
#include "xgrad/core.hpp"

// Files that NumPy and PyTorch have written, and what is in them: made by tests/files/numpy_torch.py.

namespace test {

inline std::string reference_file(const std::string& name) {
  return std::string(XGRAD_TEST_DATA) + "/files/" + name;
}

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline nlohmann::json reference(const std::string& name) {
  return nlohmann::json::parse(bytes_of_file(reference_file(name)));
}

inline double number_of(const nlohmann::json& v) {
  if (!v.is_string()) return v.get<double>();
  return v == "nan" ? std::nan("") : v == "inf" ? INFINITY : -INFINITY;
}

/// Whether two numbers are the same, apart from the bits of a nan.
inline bool same_number(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

/// Checks dtype, shape and every element.
inline void check_tensor(const xgrad::Tensor& x, const nlohmann::json& expected, const std::string& name) {
  INFO(name);
  REQUIRE(x.defined());
  CHECK(name_of(x.dtype()) == expected["dtype"].get<std::string>());
  REQUIRE(x.shape() == xgrad::Shape(expected["shape"].get<std::vector<std::int64_t>>()));
  const auto& values = expected["values"];
  REQUIRE(values.size() == static_cast<std::size_t>(x.numel()));
  bool right = true;
  if (x.dtype() == xgrad::int64) {
    const auto found = x.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < found.size(); ++i) right &= found[i] == values[i].get<std::int64_t>();
  } else if (x.dtype() == xgrad::boolean) {
    const auto found = x.to_vector<bool>();
    for (std::size_t i = 0; i < found.size(); ++i) right &= found[i] == values[i].get<bool>();
  } else {
    const auto found = x.to_vector<double>();
    for (std::size_t i = 0; i < found.size(); ++i) right &= same_number(found[i], number_of(values[i]));
  }
  CHECK(right);
}

}  // namespace test
