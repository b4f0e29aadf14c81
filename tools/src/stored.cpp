#include "stored.hpp"

#include <array>
#include <charconv>

#include "xgrad/core/error.hpp"

namespace xgrad::tools {
namespace {

constexpr std::string_view own_metadata = "xgrad.", of_state = "xgrad.state:";
constexpr const char* name_of_npy = "array";  // which has no name in such a file

struct Ending {
  std::string_view text, format;
};
constexpr std::array endings{Ending{".safetensors", "safetensors"},
                             Ending{".npy", "npy"},
                             Ending{".npz", "npz"},
                             Ending{".pt", "pt"},
                             Ending{".pth", "pt"},
                             Ending{".bin", "pt"}};

Stored parted(std::string format, const StateDict& state) {
  Stored stored{.format = std::move(format)};
  for (const auto& [name, value] : state) {
    const auto* tensor = std::get_if<Tensor>(&value);
    if (tensor && tensor->defined())
      stored.tensors.push_back({name, *tensor});
    else
      stored.values.set(name, value);
  }
  return stored;
}

Stored read_safetensors(const std::string& path) {
  files::Contents contents = files::read(path);
  bool has_values = false;
  Stored stored{.format = "safetensors", .tensors = std::move(contents.tensors)};
  for (auto& [name, text] : contents.metadata) {
    const bool is_value = name.starts_with(of_state);
    has_values |= is_value;
    if (!is_value) stored.metadata.emplace(name, std::move(text));
  }
  if (has_values) stored.values = parted("", files::read_state(path)).values;
  return stored;
}

/// Throws where there is anything but tensors.
void check_only_tensors(const std::string& path, const Stored& stored) {
  if (!stored.values.empty() || !stored.metadata.empty())
    throw Error("convert: " + std::to_string(stored.values.size()) + " values that are no tensors and " +
                std::to_string(stored.metadata.size()) +
                " texts of metadata have no place in this form; leave them out by --tensors-only, or write "
                "a .safetensors: " +
                path);
}

void write_safetensors(const std::string& path, const Stored& stored) {
  StateDict state = stored.values;
  for (const auto& [name, tensor] : stored.tensors) state.set(name, tensor);
  files::Metadata metadata;
  for (const auto& [name, text] : stored.metadata)
    if (!name.starts_with(own_metadata)) metadata.emplace(name, text);
  files::save(path, state, {.metadata = std::move(metadata)});
}

struct ValueText {
  std::string operator()(const Tensor&) const { return "undefined"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const {
    std::array<char, 64> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), v).ptr};
  }
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(const std::string& v) const { return "'" + v + "'"; }
};

}  // namespace

std::string format_of(const std::string& path) {
  for (const auto& [text, format] : endings)
    if (path.ends_with(text)) return std::string(format);
  throw Error(
      "the form of a file is known by its ending, which must be one of .safetensors, .npy, .npz, "
      ".pt, .pth and .bin: " +
      path);
}

Stored read_stored(const std::string& path) {
  const std::string format = format_of(path);
  if (format == "safetensors") return read_safetensors(path);
  if (format == "npy") return {.format = format, .tensors = {{name_of_npy, files::read_npy(path)}}};
  if (format == "npz") return {.format = format, .tensors = files::read_npz(path)};
  return parted(format, files::read_pt(path));
}

void write_stored(const std::string& path, const Stored& stored, bool compress) {
  const std::string format = format_of(path);
  if (format == "pt")
    throw Error(
        "convert: files of PyTorch are read and not written; write a .safetensors, which "
        "safetensors.torch.load_file reads there: " +
        path);
  if (compress && format != "npz") throw Error("convert: --compress needs a .npz to write: " + path);
  if (format == "safetensors") return write_safetensors(path, stored);
  check_only_tensors(path, stored);
  if (format == "npz") return files::write_npz(path, stored.tensors, {.compress = compress});
  if (stored.tensors.size() != 1)
    throw Error("convert: a .npy must hold one tensor, and there are " +
                std::to_string(stored.tensors.size()) + "; write a .npz: " + path);
  files::write_npy(path, stored.tensors[0].tensor);
}

std::string text_of(const StateValue& value) { return std::visit(ValueText(), value); }

}  // namespace xgrad::tools
