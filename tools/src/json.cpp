#include "json.hpp"

#include <cmath>
#include <iostream>

namespace xgrad::tools {

Json json_of(double v) {
  if (std::isfinite(v)) return v;
  return std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
}

Json json_of(const StateValue& value) {
  if (const auto* v = std::get_if<double>(&value)) return json_of(*v);
  if (const auto* v = std::get_if<std::int64_t>(&value)) return *v;
  if (const auto* v = std::get_if<bool>(&value)) return *v;
  if (const auto* v = std::get_if<std::string>(&value)) return *v;
  return nullptr;
}

Json json_of(const Tensor& x) {
  Json shape = Json::array();
  for (const std::int64_t size : x.shape()) shape.push_back(size);
  return {{"dtype", name_of(x.dtype())}, {"shape", std::move(shape)}};
}

void print_json(const Json& json) {
  std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace xgrad::tools
