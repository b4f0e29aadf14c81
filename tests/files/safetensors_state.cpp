// States in files: values that are no tensors, loading into what is there, other names.

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "datasets/files.hpp"
#include "files/bytes.hpp"
#include "xgrad/core.hpp"
#include "xgrad/files.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

struct Layer {
  Tensor weight = zeros({2, 3}), bias = zeros({2}), num_batches_tracked = zeros({}, {.dtype = int64});
  void visit(Visitor& v) {
    v("weight", weight), v("bias", bias), v.buffer("num_batches_tracked", num_batches_tracked);
  }
};

std::string layer_file() { return XGRAD_TEST_DATA "/files/layer.safetensors"; }

std::string without_model(const std::string& name) { return name.substr(name.find('.') + 1); }

/// A file of two bytes of data: a boolean vector, and one piece of metadata.
std::string with_value(const std::string& text) {
  return test::safetensors(R"({"__metadata__":{"xgrad.state:v":")" + text +
                               R"("},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})",
                           std::string("\0\1", 2));
}

}  // namespace

TEST_CASE("values of every kind come back to the same bits") {
  const Folder folder;
  StateDict state;
  const double payload = std::bit_cast<double>(0xfff8000000000123ULL);
  using Limits = std::numeric_limits<double>;
  for (const double v : {0.0, -0.0, 0.1, 1e-320, 5e-324, Limits::max(), -Limits::min(), Limits::infinity(),
                         -Limits::infinity(), Limits::quiet_NaN(), payload, 1.0, 123456789012345678.0, M_PI})
    state.set("double " + std::to_string(state.size()), v);
  for (const std::int64_t v : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN})
    state.set("integer " + std::to_string(state.size()), v);
  state.set("true", true), state.set("false", false);
  for (const char* text : {"", "adam", "int 5", "a\n\"\\\t\x01ü\U0001f600"})
    state.set("text " + std::to_string(state.size()), text);
  state.set("zero byte", std::string("a\0b", 3));
  state.set("undefined", Tensor());
  state.set("tensor", ones({2}));

  files::save(folder.path("a"), state);

  CHECK(same(files::read_state(folder.path("a")), state));
}

TEST_CASE("a generator goes on where it was") {
  const Folder folder;
  Generator saved(7), loaded(8);
  saved.normal();

  files::save(folder.path("a"), saved);
  files::load(folder.path("a"), loaded);

  CHECK(loaded.normal() == saved.normal());
  CHECK(loaded.draw64() == saved.draw64());
}

TEST_CASE("a text that is no value is an error") {
  const Folder folder;
  for (const char* text : {"",
                           "5",
                           "int",
                           "int ",
                           "int 5 ",
                           "int 5x",
                           "int 9223372036854775808",
                           "float",
                           "float x",
                           "float nan",
                           "float nan ",
                           "float nan 0",
                           "float nan 7ff8g",
                           "float 0x1p3",
                           "bool",
                           "bool 1",
                           "bool True",
                           "text",
                           "undefine",
                           "undefined ",
                           "Int 5"}) {
    const std::string path = folder.write("a", with_value(text));
    CHECK_MESSAGE(
        error_of([&] { files::read_state(path); }) ==
            "files::read_state: the metadata 'xgrad.state:v' must be a value with its type: it is '" +
                std::string(text) + "': " + path +
                "; expected a whole file in the form of safetensors: write or fetch it again",
        text);
  }
}

TEST_CASE("a model that is saved and loaded is the same model, in place") {
  const Folder folder;
  auto saved = nn::mlp({3, 4, 2}), loaded = nn::mlp({3, 4, 2});
  const auto parameters = loaded.parameters();

  files::save(folder.path("a"), saved);
  CHECK_FALSE(same(saved, loaded));
  const LoadedKeys keys = files::load(folder.path("a"), loaded);

  CHECK(same(saved, loaded));
  CHECK(keys.missing_keys.empty());
  CHECK(keys.unexpected_keys.empty());
  CHECK(loaded.parameters()[0].node() == parameters[0].node());
}

TEST_CASE("a tensor with two names is in the file under both, and one tensor after a load") {
  struct Tied {
    Tensor a, b;
    void visit(Visitor& v) { v("a", a), v("b", b); }
  };
  const Folder folder;
  const Tensor one = full({2}, 3.0F), two = zeros({2});
  Tied saved{one, one}, loaded{two, two};

  files::save(folder.path("a"), saved);
  files::load(folder.path("a"), loaded);

  CHECK(files::read(folder.path("a")).tensors.size() == 2);
  CHECK(two.to_vector<float>() == std::vector<float>{3, 3});
  CHECK(loaded.a.node() == loaded.b.node());
}

TEST_CASE("weights of another program are loaded under other names, in the dtypes that are there") {
  Layer layer;
  layer.weight = zeros({2, 3}, {.dtype = float64});

  files::load(layer_file(), layer, {.rename = without_model});

  CHECK(layer.weight.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(layer.bias.to_vector<float>() == std::vector<float>{0.5, -0.5});
  CHECK(layer.num_batches_tracked.item<std::int64_t>() == 5);
}

TEST_CASE(
    "names are left out by an empty one, and what only one side has is returned when it is not strict") {
  Layer layer;

  const LoadedKeys keys = files::load(layer_file(), layer,
                                      {.strict = false, .rename = [](const std::string& name) -> std::string {
                                         if (name == "model.weight") return "";
                                         return name == "model.bias" ? "bias" : name;
                                       }});

  CHECK(keys.missing_keys == std::vector<std::string>{"weight", "num_batches_tracked"});
  CHECK(keys.unexpected_keys == std::vector<std::string>{"model.num_batches_tracked"});
  CHECK(layer.bias.to_vector<float>() == std::vector<float>{0.5, -0.5});
  CHECK(layer.weight.to_vector<float>() == std::vector<float>(6, 0));
}

TEST_CASE("what does not fit is an error with the file's name, and changes nothing") {
  Layer layer;
  const StateDict before = state_dict(layer);
  const auto said = [&](const files::LoadOptions& options) {
    std::string message = error_of([&] { files::load(layer_file(), layer, options); });
    CHECK(same(layer, before));
    return message;
  };

  CHECK(
      said({}) ==
      "load_state_dict: the states do not match: 'weight' is missing in the state; 'bias' is missing in the "
      "state; "
      "'num_batches_tracked' is missing in the state; 'model.num_batches_tracked' is missing in the target; "
      "'model.bias' is missing in the target; 'model.weight' is missing in the target; both must have the "
      "same "
      "names, types and shapes: " +
          layer_file());
  CHECK(said({.rename = [](const std::string&) { return "weight"; }}) ==
        "files::load: two values have the name 'weight' in the end: " + layer_file() +
            "; the names, and those that .rename gives, must be unlike");
  layer.bias = zeros({3});
  CHECK(error_of([&] { files::load(layer_file(), layer, {.rename = without_model}); }) ==
        "load_state_dict: the states do not match: 'bias' is f32[2] in the state, f32[3] in the target; both "
        "must "
        "have the same names, types and shapes: " +
            layer_file());
  CHECK(layer.weight.to_vector<float>() == std::vector<float>(6, 0));
}
