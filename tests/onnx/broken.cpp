// Bad input: an Error that names the file, the place and what to do; never a crash.

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "protobuf.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/core/ops/linalg.hpp"
#include "xgrad/onnx.hpp"

using namespace xgrad;
namespace fs = std::filesystem;

namespace {

std::string good() {
  const Tensor w = full({3, 2}, 0.5, {.requires_grad = true});
  return xgrad::onnx::to_bytes([&](const Tensor& x) { return relu(linear(x, w)); }, {ones({4, 2})});
}

/// A good model, changed.
std::string changed(const std::function<void(::onnx::ModelProto&)>& change) {
  ::onnx::ModelProto model;
  REQUIRE(model.ParseFromString(good()));
  change(model);
  return model.SerializeAsString();
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
std::string refused(const std::string& bytes) {
  return message_of([&] { xgrad::onnx::parse(bytes, "net.onnx"); });
}

struct Broken {
  const char* what;
  std::function<void(::onnx::ModelProto&)> change;
  const char* message;
};

::onnx::TensorProto& weight(::onnx::ModelProto& m) { return *m.mutable_graph()->mutable_initializer(0); }
::onnx::NodeProto& node(::onnx::ModelProto& m, int k = 0) { return *m.mutable_graph()->mutable_node(k); }

const std::vector<Broken> broken = {
    {"a newer IR", [](auto& m) { m.set_ir_version(11); },
     "it has IR version 11, and 3 to 8 are supported; export the model for opset 17"},
    {"no IR", [](auto& m) { m.clear_ir_version(); }, "it says no IR version"},
    {"newer operators", [](auto& m) { m.mutable_opset_import(0)->set_version(21); },
     "it has version 21 of the operators, and 1 to 17 are supported"},
    {"no operators", [](auto& m) { m.clear_opset_import(); }, "it has version 0 of the operators"},
    {"no graph", [](auto& m) { m.clear_graph(); }, "there is no graph in it"},
    {"an operator", [](auto& m) { node(m).set_op_type("QLinearConv"); },
     "node 0 'gemm' (QLinearConv): this operator is not supported; docs/onnx.md lists those that are"},
    {"a domain", [](auto& m) { node(m).set_domain("com.microsoft"); }, "it is of the domain com.microsoft"},
    {"a circle", [](auto& m) { *node(m).mutable_input(0) = "output"; },
     "node 0 'gemm' (Gemm): it reads 'output', which is made behind it, so that nodes go in a circle or are "
     "not in their order"},
    {"a missing weight", [](auto& m) { m.mutable_graph()->clear_initializer(); },
     "it reads 'weight', which nothing makes; export the model again"},
    {"a value twice", [](auto& m) { *node(m, 1).mutable_output(0) = "gemm"; },
     "it makes 'gemm', which is there already"},
    {"a missing output", [](auto& m) { m.mutable_graph()->mutable_output(0)->set_name("y"); },
     "nothing makes the output 'y'"},
    {"two weights of a name", [](auto& m) { *m.mutable_graph()->add_initializer() = weight(m); },
     "the initializer 'weight': there are two of that name"},
    {"a node without results", [](auto& m) { node(m).clear_output(); }, "it makes nothing"},
    {"an attribute's type",
     [](auto& m) { node(m).mutable_attribute(0)->set_type(::onnx::AttributeProto::GRAPH); },
     "the attribute transB is a graph"},
    {"texts", [](auto& m) { weight(m).set_data_type(::onnx::TensorProto::STRING); },
     "its element type is STRING, and must be one of floats, integers and bool"},
    {"no such type", [](auto& m) { weight(m).set_data_type(99); }, "its element type is number 99"},
    {"few bytes", [](auto& m) { weight(m).mutable_raw_data()->resize(20); },
     "there must be 6 elements for its sizes, and there are 5"},
    {"many bytes", [](auto& m) { weight(m).mutable_raw_data()->resize(27); },
     "the initializer 'weight': there must be 24 bytes for its sizes, and there are 27"},
    {"a negative size", [](auto& m) { weight(m).set_dims(0, -3); },
     "a size must lie between 0 and 2^40: it is -3"},
    {"a huge size", [](auto& m) { weight(m).set_dims(0, std::int64_t{1} << 60); },
     "a size must lie between 0 and 2^40"},
    {"sizes that wrap",
     [](auto& m) {
       weight(m).set_dims(0, std::int64_t{1} << 33), weight(m).set_dims(1, std::int64_t{1} << 33);
     },
     "the sizes are too large together"},
    {"a large size", [](auto& m) { weight(m).set_dims(0, std::int64_t{1} << 35); },
     "elements for its sizes, and there are 24"},
    {"too many axes",
     [](auto& m) {
       for (int i = 0; i < 40; ++i) weight(m).add_dims(1);
     },
     "a tensor must have at most 32 axes: it has 42"},
    {"another file",
     [](auto& m) {
       weight(m).set_data_location(::onnx::TensorProto::EXTERNAL);
       auto& entry = *weight(m).add_external_data();
       entry.set_key("location"), entry.set_value("../../etc/passwd");
     },
     "its elements lie in another file, '../../etc/passwd', which is not opened; save the model as one file"},
    {"a part", [](auto& m) { weight(m).mutable_segment()->set_begin(0); }, "it is a part of a tensor"},
    {"a sparse weight", [](auto& m) { m.mutable_graph()->add_sparse_initializer(); },
     "it has sparse weights"},
    {"a sequence",
     [](auto& m) { m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type(); },
     "'input' is no tensor"},
    {"a narrow input",
     [](auto& m) {
       m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(10);
     },
     "'input': its element type is FLOAT16"},
    {"a function", [](auto& m) { m.add_functions(); }, "it defines functions of its own"},
};

}  // namespace

TEST_CASE("a model that is broken is an Error that names the file, the place and what to do") {
  for (const Broken& b : broken) {
    INFO(b.what);
    const std::string message = refused(changed(b.change));
    CHECK_MESSAGE(message.find(b.message) != std::string::npos, message);
    CHECK(message.starts_with("onnx: net.onnx: "));
  }
}

TEST_CASE("what is cut off, foreign or empty is an Error") {
  const std::string whole = good();
  CHECK(refused("").find("it is empty") != std::string::npos);
  CHECK(refused("PK\x03\x04 is a zip").find("it is no model of ONNX, or damaged, or cut off") !=
        std::string::npos);
  CHECK(refused(std::string(1000, '\xff')).find("it is no model of ONNX") != std::string::npos);
  for (std::size_t n = 0; n + 1 < whole.size(); ++n) {
    CAPTURE(n);
    // Some lengths end between two fields of the message, where something is missing, or the graph alone.
    const std::string message = refused(whole.substr(0, n));
    if (message.empty()) CHECK(n > whole.size() - 20);
  }
}

TEST_CASE("random changes of bytes are refused, or make a model that runs or is an Error") {
  const std::string whole = good();
  std::mt19937 random(5);
  for (int k = 0; k < 20000; ++k) {
    std::string bytes = whole;
    for (int i = 0; i < 1 + k % 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    message_of([&] { xgrad::onnx::parse(bytes)(ones({4, 2})); });
  }
}

TEST_CASE("what is no file is an Error that names it") {
  const fs::path folder = fs::temp_directory_path() / ("xgrad_onnx_" + std::to_string(getpid()));
  fs::create_directories(folder);
  const auto refused_path = [](const fs::path& path) {
    return message_of([&] { xgrad::onnx::load(path.string()); });
  };

  CHECK(refused_path(folder).find("it is a folder, a pipe or a device") != std::string::npos);
  CHECK(refused_path(folder / "none.onnx").find("there is no such file") != std::string::npos);
  mkfifo((folder / "pipe").c_str(), 0600);
  CHECK(refused_path(folder / "pipe").find("it is a folder, a pipe or a device") != std::string::npos);
  std::ofstream(folder / "empty.onnx").flush();
  CHECK(refused_path(folder / "empty.onnx").find("it is empty") != std::string::npos);

  fs::remove_all(folder);
}

TEST_CASE("inputs of another number, dtype or size are an Error that says what they must be") {
  const auto model = xgrad::onnx::parse(good(), "net.onnx");

  CHECK(message_of([&] { model(std::vector<Tensor>{}); }) ==
        "onnx: net.onnx: it takes 1 inputs: there are 0; give one for each name");
  CHECK(message_of([&] {
          model(ones({4, 3}));
        }) == "onnx: net.onnx: the input 'input' must be f32['batch', 2]: it is f32[4, 3]");
  CHECK(message_of([&] {
          model(ones({4, 2}, float64));
        }) == "onnx: net.onnx: the input 'input' must be f32['batch', 2]: it is f64[4, 2]");
  CHECK(message_of([&] { model(Tensor()); }) ==
        "onnx: net.onnx: the input 'input' must be f32['batch', 2]: it is undefined");
}

TEST_CASE("an operator that fails names its node") {
  const auto model = xgrad::onnx::parse(
      changed([](auto& m) { weight(m).set_dims(0, 2), weight(m).set_dims(1, 3); }), "net.onnx");

  const std::string message = message_of([&] { model(ones({4, 2})); });

  CHECK_MESSAGE(message.starts_with("onnx: net.onnx: node 0 'gemm' (Gemm): "), message);
}
