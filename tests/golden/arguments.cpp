#include "arguments.hpp"

#include <cmath>
#include <limits>

namespace golden {

using namespace xgrad;

double to_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    std::size_t used = 0;
    try {
      const double number = std::stod(text, &used);
      if (used == text.size()) return number;
    } catch (const std::exception&) {
    }
  }
  throw Unknown{"not a number: " + value.dump()};
}

namespace {

void flatten_into(const Json& value, int depth, std::vector<std::int64_t>& sizes, std::vector<double>& data) {
  if (!value.is_array()) {
    data.push_back(to_number(value));
    return;
  }
  if (static_cast<std::size_t>(depth) == sizes.size())
    sizes.push_back(static_cast<std::int64_t>(value.size()));
  for (const Json& item : value) flatten_into(item, depth + 1, sizes, data);
}

DType dtype_named(const std::string& name) {
  if (name == "int64" || name == "int32") return int64;
  if (name == "bool") return boolean;
  if (name == "float32") return float32;
  return float64;
}

}  // namespace

Tensor to_tensor(const Json& value, DType dtype) {
  std::vector<std::int64_t> sizes;
  std::vector<double> data;
  if (value.is_object()) {
    if (value.contains("dtype")) dtype = dtype_named(value["dtype"].get<std::string>());
    std::vector<std::int64_t> ignored;
    flatten_into(value.at("data"), 0, ignored, data);
    sizes = value.at("shape").get<std::vector<std::int64_t>>();
  } else {
    flatten_into(value, 0, sizes, data);
  }
  return xgrad::tensor(data, Shape(sizes), {.dtype = dtype});
}

const Tensor& Arguments::input(std::size_t i) const {
  if (i >= inputs_.size()) throw Unknown{"input " + std::to_string(i) + " is missing"};
  return inputs_[i];
}

Tensor Arguments::tensor(std::size_t i, Names names) const {
  if (i < inputs_.size()) return inputs_[i];
  return attribute_tensor(names);
}

Tensor Arguments::attribute_tensor(Names names) const {
  const Json* value = find(names);
  return value != nullptr && !value->is_null() ? to_tensor(*value) : Tensor();
}

Tensor Arguments::required(std::size_t i, Names names) const {
  Tensor t = tensor(i, names);
  if (!t.defined()) throw Unknown{std::string("there is no ") + *names.begin()};
  return t;
}

Tensor Arguments::integers(std::size_t i, Names names) const { return required(i, names).detach().to(int64); }
Tensor Arguments::mask(std::size_t i, Names names) const { return required(i, names).detach().to(boolean); }

double Arguments::number(Names names, double otherwise) const {
  const Json* value = find(names);
  return value != nullptr ? to_number(*value) : otherwise;
}

double Arguments::number(Names names) const {
  if (!has(names)) throw Unknown{std::string("there is no ") + *names.begin()};
  return number(names, 0);
}

std::int64_t Arguments::integer(Names names, std::int64_t otherwise) const {
  const double value = number(names, static_cast<double>(otherwise));
  if (value != std::floor(value)) throw Unknown{std::string("not an integer: ") + *names.begin()};
  return static_cast<std::int64_t>(value);
}

std::int64_t Arguments::integer(Names names) const {
  if (!has(names)) throw Unknown{std::string("there is no ") + *names.begin()};
  return integer(names, 0);
}

bool Arguments::flag(Names names, bool otherwise) const { return number(names, otherwise ? 1 : 0) != 0; }

std::string Arguments::text(Names names, const std::string& otherwise) const {
  const Json* value = find(names);
  return value != nullptr && value->is_string() ? value->get<std::string>() : otherwise;
}

std::vector<std::int64_t> Arguments::list(Names names) const {
  const Json* value = find(names);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_array()) return {static_cast<std::int64_t>(to_number(*value))};
  std::vector<std::int64_t> result;
  for (const Json& item : *value) result.push_back(static_cast<std::int64_t>(to_number(item)));
  return result;
}

Axes Arguments::axes(Names names) const {
  const Json* value = find(names);
  if (value == nullptr || value->is_null()) return {};
  const auto numbers = list(names);
  return std::vector<int>(numbers.begin(), numbers.end());
}

Pair Arguments::pair(Names names, int otherwise) const {
  const auto numbers = list(names);
  if (numbers.empty()) return otherwise;
  return Pair(static_cast<int>(numbers.front()), static_cast<int>(numbers.back()));
}

Reduction Arguments::reduction(Reduction otherwise) const {
  const std::string name = text({"reduction"}, "");
  if (name == "none") return Reduction::none;
  if (name == "mean") return Reduction::mean;
  if (name == "sum") return Reduction::sum;
  if (name == "batchmean") return Reduction::batchmean;
  if (!name.empty()) throw Unknown{"reduction " + name};
  return otherwise;
}

const Json* Arguments::find(Names names) const {
  for (const char* name : names)
    if (const auto place = attributes_.find(name); place != attributes_.end()) {
      read_.insert(name);
      return &*place;
    }
  return nullptr;
}

std::vector<std::string> Arguments::unread() const {
  static const std::set<std::string> remarks = {"broadcast", "shapes", "pre", "note", "comment"};
  std::vector<std::string> result;
  for (const auto& [name, value] : attributes_.items())
    if (!read_.contains(name) && !remarks.contains(name)) result.push_back(name);
  return result;
}

}  // namespace golden
