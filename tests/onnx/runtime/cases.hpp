#pragma once

// Models with inputs and what they must make of them, for onnxruntime: see onnxruntime.js.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "xgrad/core.hpp"
#include "xgrad/onnx.hpp"

namespace xgrad::test {

/// The largest difference, relative where values are above 1; infinite where shapes or dtypes differ.
inline double onnx_distance(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return INFINITY;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double d = std::abs(x[i] - y[i]) / std::max(1.0, std::abs(x[i]));
    most = std::isnan(d) ? INFINITY : std::max(most, d);
  }
  return most;
}

/// A folder of cases: NAME.onnx, NAME.bin with the inputs and outputs one behind another, and a list of them.
class OnnxCases {
 public:
  explicit OnnxCases(std::string group) : group_(std::move(group)) {
    std::filesystem::create_directories(folder_);
  }
  ~OnnxCases() { std::ofstream(folder_ + "/" + group_ + ".json") << list_.dump(1); }

  void add(const std::string& name, DType dtype, const std::string& model, const std::vector<Tensor>& inputs,
           const std::vector<Tensor>& outputs) {
    const std::string file = group_ + "_" + std::to_string(list_.size());
    std::ofstream(folder_ + "/" + file + ".onnx", std::ios::binary) << model;
    std::ofstream data(folder_ + "/" + file + ".bin", std::ios::binary);
    list_.push_back({{"name", name},
                     {"file", file},
                     {"tolerance", dtype == float32 ? 1e-5 : 1e-12},
                     {"dtype", name_of(dtype)},
                     {"inputs", put(inputs, data)},
                     {"outputs", put(outputs, data)}});
  }

 private:
  static nlohmann::json put(const std::vector<Tensor>& all, std::ofstream& data) {
    nlohmann::json list = nlohmann::json::array();
    const auto raw = [&](const auto elements) {
      data.write(reinterpret_cast<const char*>(elements.data()),
                 static_cast<std::streamsize>(elements.size() * sizeof(elements[0])));
    };
    for (const Tensor& t : all) {
      std::vector<std::int64_t> shape(t.shape().begin(), t.shape().end());
      list.push_back({{"dtype", name_of(t.dtype())}, {"shape", shape}});
      if (t.dtype() == float32) raw(t.data<float>());
      if (t.dtype() == float64) raw(t.data<double>());
      if (t.dtype() == int64) raw(t.data<std::int64_t>());
      if (t.dtype() == boolean) raw(t.data<bool>());
    }
    return list;
  }

  std::string group_, folder_ = XGRAD_ONNX_CASES;
  nlohmann::json list_ = nlohmann::json::array();
};

}  // namespace xgrad::test
