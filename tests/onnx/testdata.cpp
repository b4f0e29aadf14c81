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

/// What a message says behind the places that it names.
std::string reason_of(const std::string& message) {
  const std::size_t at = std::max(message.rfind("': "), message.rfind("): "));
  const std::string reason = at == std::string::npos ? message : message.substr(at + 3);
  return reason.substr(reason.starts_with("onnx: ") ? reason.find(": ", 6) + 2 : 0, 90);
}

/// How many cases of a folder there are, pass, and are outside.
struct Count {
  std::size_t all = 0, supported = 0, passes = 0;
};

Count count_cases(const std::string& kind) {
  const fs::path root = fs::path("/usr/share/libonnx-testdata/data") / kind;
  Count count;
  if (!fs::exists(root)) {
    MESSAGE("skipped: there is no " << root.string() << "; install libonnx-testdata");
    return count;
  }
  std::map<std::string, int> outside, refused;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root))
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    ++count.all;
    const auto operators = operators_of(folder);
    const auto other = std::ranges::find_if(operators, [](const std::string& type) {
      return !xgrad::onnx::detail::import_table().contains(type);
    });
    const Outcome outcome = outcome_of(folder);
    CHECK_MESSAGE(outcome.kind != Outcome::wrong, folder.filename().string(), ": ", outcome.what);
    count.passes += outcome.kind == Outcome::passes;
    if (other != operators.end()) {
      ++outside[*other];
      CHECK_MESSAGE(outcome.kind == Outcome::outside, folder.filename().string());
      continue;
    }
    ++count.supported;
    if (outcome.kind == Outcome::outside) ++refused[reason_of(outcome.what)];
  }
  std::string text = kind + ": " + std::to_string(count.all) + " cases, " + std::to_string(count.supported) +
                     " of supported operators, " + std::to_string(count.passes) + " pass";
  for (const auto& [type, n] : outside) text += "\n  outside: " + type + " " + std::to_string(n);
  for (const auto& [what, n] : refused) text += "\n  refused: " + std::to_string(n) + " " + what;
  MESSAGE(text);
  return count;
}

}  // namespace

TEST_CASE("the node cases of ONNX pass where their operators are supported") {
  const Count count = count_cases("node");

  if (count.all == 0) return;
  CHECK(count.supported >= 813);
  CHECK(count.passes >= 738);
}

TEST_CASE("models that PyTorch exported pass where their operators are supported") {
  for (const char* kind : {"pytorch-converted", "pytorch-operator", "simple"}) count_cases(kind);
}
