#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "xgrad/core/state/visitor.hpp"

namespace xgrad::tools {

using Json = nlohmann::ordered_json;

/// A number, or "nan", "inf" and "-inf", for which JSON has none.
Json json_of(double v);
/// A value of a state by its own type.
Json json_of(const StateValue& value);
/// {"dtype": "f32", "shape": [2, 3]}
Json json_of(const Tensor& x);

/// Prints it; bytes of texts that are no UTF-8 are replaced.
void print_json(const Json& json);

}  // namespace xgrad::tools
