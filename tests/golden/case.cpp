#include "case.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace golden {

using namespace xgrad;

namespace {

/// Python writes NaN and Infinity, which are not JSON: they become strings here.
std::string standard_json(const std::string& text) {
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) inside = !inside;
    std::size_t length = 0;
    if (!inside)
      for (const char* word : {"-Infinity", "Infinity", "NaN"})
        if (length == 0 && text.compare(i, std::string(word).size(), word) == 0)
          length = std::string(word).size();
    if (length == 0) {
      out += text[i];
    } else {
      out += '"' + text.substr(i, length) + '"';
      i += length - 1;
    }
  }
  return out;
}

std::vector<Tensor> tensors(const Json& list) {
  std::vector<Tensor> all;
  for (const Json& item : list) all.push_back(to_tensor(item));
  return all;
}

Expected expected(const Json& value) {
  if (value.is_null() || value == "zero") return {.value = {}, .zero = true};
  return {.value = to_tensor(value)};
}

std::vector<Expected> all_expected(const Json& list, std::size_t count) {
  if (!list.is_array()) return std::vector<Expected>(count, expected(list));
  std::vector<Expected> all;
  for (const Json& item : list) all.push_back(expected(item));
  return all;
}

std::string name_with(const std::string& name, const Json& attributes) {
  return attributes.empty() ? name : name + " " + attributes.dump().substr(0, 80);
}

/// {"name", "attrs", "inputs", "outputs", "cotangents", "grads", "second"}.
Case from_op(const Json& j) {
  Case c;
  c.op = j.at("name").get<std::string>();
  c.attributes = j.value("attrs", Json::object());
  c.title = name_with(c.op, c.attributes);
  c.inputs = tensors(j.at("inputs"));
  const bool system =
      c.op.starts_with("inv") || c.op.find("solve") != std::string::npos || c.op.starts_with("cholesky");
  c.rtol = j.value("rtol", system ? 1e-10 : 1e-12);
  c.atol = j.value("atol", 1e-14);
  if (j.contains("error")) {
    c.throws = true;
    return c;
  }
  c.outputs = all_expected(j.at("outputs"), 1);
  if (j.contains("grads")) c.gradients = all_expected(j["grads"], 0);
  if (j.contains("second")) c.second = all_expected(j["second"], c.gradients.size());
  if (j.contains("cotangents"))
    for (const Json& item : j["cotangents"])
      c.cotangents.push_back(item.is_null() ? Tensor() : to_tensor(item));
  return c;
}

/// {"id", "op", "args", "value", "grad", "kind", "rtol"} and, where given, "attrs", "cotangent",
/// "sum_second_grad".
Case from_numerics(const Json& j) {
  Case c;
  c.op = j.at("op").get<std::string>();
  c.title = j.at("id").get<std::string>() + " (" + c.op + ")";
  c.attributes = j.value("attrs", Json::object());
  c.inputs = tensors(j.at("args"));
  c.rtol = j.value("rtol", 1e-15);
  c.value_only = j.value("kind", "exact") == "nan";
  c.outputs = {expected(j.at("value"))};
  if (j.contains("grad")) c.gradients = all_expected(j["grad"], 0);
  if (j.contains("sum_second_grad")) c.second = all_expected(j["sum_second_grad"], 0);
  if (j.contains("cotangent")) c.cotangents = {to_tensor(j["cotangent"])};
  c.ones_for_second = true;
  return c;
}

/// {"case", "inputs", "out", "grads"}, where out is "ERR" if PyTorch throws.
Case from_convention(const Json& j) {
  Case c;
  c.op = j.at("case").get<std::string>();
  c.title = c.op;
  c.attributes = j.value("attrs", Json::object());
  c.inputs = tensors(j.at("inputs"));
  c.titled = true;
  c.rtol = 1e-14;
  c.throws = j.at("out") == "ERR";
  if (c.throws) return c;
  c.outputs = {expected(j["out"])};
  c.gradients = all_expected(j.at("grads"), 0);
  return c;
}

}  // namespace

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  const Json all = Json::parse(standard_json({std::istreambuf_iterator<char>(file), {}}));
  const Json& list = all.is_array() ? all : all.at("cases");
  std::vector<Case> cases;
  for (const Json& j : list) {
    if (j.contains("case"))
      cases.push_back(from_convention(j));
    else if (j.contains("id"))
      cases.push_back(from_numerics(j));
    else if (j.contains("name"))
      cases.push_back(from_op(j));
    else
      throw std::runtime_error(path + ": a case of another form: " + j.dump().substr(0, 80));
  }
  return cases;
}

}  // namespace golden
