// The node cases that ONNX itself is tested by (Debian: libonnx-testdata): each is read and gives the values
// that stand beside it, or is refused with an Error.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "import/node.hpp"
#include "import/tensor.hpp"
#include "xgrad/onnx.hpp"

using namespace xgrad;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct NotATensor {};

Tensor tensor_in(const fs::path& file) {
  ::onnx::TensorProto proto;
  if (!proto.ParseFromString(bytes_of(file)) || proto.data_type() == 0) throw NotATensor();
  return xgrad::onnx::detail::tensor_of(proto);
}

std::vector<Tensor> tensors_in(const fs::path& folder, const std::string& kind) {
  std::vector<Tensor> all;
  for (int k = 0; fs::exists(folder / (kind + "_" + std::to_string(k) + ".pb")); ++k)
    all.push_back(tensor_in(folder / (kind + "_" + std::to_string(k) + ".pb")));
  return all;
}

/// Within what the files' own numbers, which NumPy made, are rounded to.
bool close(const Tensor& expected, const Tensor& found) {
  if (!(expected.shape() == found.shape()) || expected.dtype() != found.dtype()) return false;
  const auto x = expected.to_vector<double>(), y = found.to_vector<double>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    if (!(std::abs(x[i] - y[i]) <= 1e-7 + 1e-3 * std::abs(x[i]))) return false;
  }
  return true;
}

/// "passes", "outside" with the operator or type that is refused, or what is wrong.
struct Outcome {
  enum Kind { passes, outside, wrong } kind;
  std::string what = "";
};

Outcome outcome_of(const fs::path& folder) {
  try {
    const xgrad::onnx::Model model = xgrad::onnx::load((folder / "model.onnx").string());
    for (const auto& set : fs::directory_iterator(folder)) {
      if (!set.is_directory()) continue;
      const auto expected = tensors_in(set.path(), "output");
      const auto found = model(tensors_in(set.path(), "input"));
      for (std::size_t k = 0; k < expected.size(); ++k)
        if (!close(expected[k], found.at(k)))
          return {Outcome::wrong,
                  "output " + std::to_string(k) + " is " + found.at(k).describe() + " with other values"};
    }
    return {Outcome::passes};
  } catch (const Error& e) {
    return {Outcome::outside, e.what()};
  } catch (const NotATensor&) {
    return {Outcome::outside, "a sequence or nothing as data"};
  }
}

/// The types of the operators of a model.
std::set<std::string> operators_of(const fs::path& folder) {
  ::onnx::ModelProto model;
  model.ParseFromString(bytes_of(folder / "model.onnx"));
  std::set<std::string> all;
  for (const auto& node : model.graph().node()) all.insert(node.op_type());
  return all;
}

}  // namespace

TEST_CASE("the node cases of ONNX pass where their operators are supported") {
  const fs::path root = "/usr/share/libonnx-testdata/data/node";
  if (!fs::exists(root)) {
    MESSAGE("skipped: there is no " << root.string() << "; install libonnx-testdata");
    return;
  }
  std::size_t all = 0, passes = 0, inside = 0;
  std::map<std::string, int> outside;
  std::string refused;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root))
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    ++all;
    const auto operators = operators_of(folder);
    const auto other = std::ranges::find_if(operators, [](const std::string& type) {
      return !xgrad::onnx::detail::import_table().contains(type);
    });
    const Outcome outcome = outcome_of(folder);
    CHECK_MESSAGE(outcome.kind != Outcome::wrong, folder.filename().string(), ": ", outcome.what);
    passes += outcome.kind == Outcome::passes;
    if (other != operators.end()) {
      ++outside[*other];
      CHECK_MESSAGE(outcome.kind == Outcome::outside, folder.filename().string());
    } else {
      ++inside;
      if (outcome.kind == Outcome::outside) refused += "\n  " + outcome.what.substr(root.string().size() + 6);
    }
  }
  std::string others;
  for (const auto& [type, count] : outside) others += " " + type + " " + std::to_string(count);
  MESSAGE(all << " cases, " << inside << " of supported operators, " << passes
              << " pass; outside:" << others);
  MESSAGE("of supported operators, but refused:" << refused);
  CHECK(passes >= 500);
}
