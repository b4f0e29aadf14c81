#include "safetensors_write.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "safetensors_header.hpp"
#include "state/values.hpp"
#include "state_text.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::files {

namespace {

const char* stored_name(DType t) {
  return t == float32 ? "F32" : t == float64 ? "F64" : t == xgrad::int64 ? "I64" : "BOOL";
}

std::string_view bytes_of(const Tensor& t) {
  const auto view = [&](const auto elements) {
    return std::string_view(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  switch (t.dtype()) {
    case DType::float32:
      return view(t.data<float>());
    case DType::float64:
      return view(t.data<double>());
    case DType::int64:
      return view(t.data<std::int64_t>());
    case DType::boolean:
      break;
  }
  return view(t.data<bool>());
}

/// By hand: an array of nlohmann's allocates when it is destroyed, and ends the program where that fails.
std::string list_of(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? "," : "") + std::to_string(size);
  return text + "]";
}

/// What is written, in the order of the file, and the text that describes it.
class Writing {
 public:
  Writing(const char* op, const std::string& path, std::vector<NamedTensor> tensors, const Metadata& metadata)
      : op_(op), path_(path), tensors_(std::move(tensors)) {
    check_tensors();
    // Larger elements first, so that each tensor lies at a multiple of its elements' size.
    std::ranges::sort(tensors_, [](const NamedTensor& a, const NamedTensor& b) {
      const int m = xgrad::size_of(a.tensor.dtype()), n = xgrad::size_of(b.tensor.dtype());
      return m != n ? m > n : a.name < b.name;
    });
    check_names();
    describe(metadata);
  }

  void run() const {
    xgrad::detail::WholeFile file(op_, path_);
    const std::uint64_t n = header_.size();
    file.write({reinterpret_cast<const char*>(&n), sizeof n});
    file.write(header_);
    for (const NamedTensor& t : tensors_) file.write(bytes_of(t.tensor));
    file.finish();
  }

 private:
  void check_tensors() const {
    for (const NamedTensor& t : tensors_) {
      if (!t.tensor.defined())
        throw Error(head() + "tensor " + in_quotes(t.name) + " is undefined: " + path_ + "; leave it out");
      if (t.name == "__metadata__")
        throw Error(head() + "'__metadata__' must not be the name of a tensor: " + path_);
    }
  }

  void check_names() const {
    std::vector<std::string_view> names;
    for (const NamedTensor& t : tensors_) names.push_back(t.name);
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
      throw Error(head() + "a name must occur once: " + in_quotes(*twice) + ": " + path_);
  }

  void describe(const Metadata& metadata) {
    header_ = "{";
    if (!metadata.empty()) describe_metadata(metadata);
    std::uint64_t end = 0;
    for (const NamedTensor& t : tensors_) {
      const std::uint64_t begin = end;
      end += bytes_of(t.tensor).size();
      comma();
      header_ += json(t.name) + ":{\"dtype\":\"" + stored_name(t.tensor.dtype()) +
                 "\",\"shape\":" + list_of(t.tensor.shape()) + ",\"data_offsets\":[" + std::to_string(begin) +
                 "," + std::to_string(end) + "]}";
    }
    header_ += "}";
    while (header_.size() % 8 != 0) header_ += ' ';
    check_size(header_.size());
  }

  void describe_metadata(const Metadata& metadata) {
    header_ += "\"__metadata__\":{";
    for (const auto& [name, text] : metadata) {
      comma();
      header_ += json(name);
      header_ += ':';
      header_ += json(text);
    }
    header_ += '}';
  }

  void comma() {
    if (header_.back() != '{') header_ += ',';
  }

  /// Before anything of that size is made.
  void check_size(std::size_t n) const {
    if (n > most_header_bytes)
      throw Error(head() + "the header of names and metadata must have at most 100000000 bytes: " + path_);
  }

  std::string json(const std::string& text) const {
    check_size(header_.size() + text.size());
    try {
      return nlohmann::json(text).dump();
    } catch (const nlohmann::json::type_error&) {
      throw Error(head() + "names and texts must be UTF-8: " + printable(text) + ": " + path_);
    }
  }

  static std::string printable(const std::string& text) {
    using Json = nlohmann::json;
    return Json(text.substr(0, 80)).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  std::string head() const { return std::string(op_) + ": "; }

  const char* op_;
  const std::string& path_;
  std::vector<NamedTensor> tensors_;
  std::string header_;
};

}  // namespace

void check_metadata(const char* op, const std::string& path, const Metadata& metadata) {
  for (const auto& [name, text] : metadata)
    if (name.starts_with(own_prefix))
      throw Error(std::string(op) +
                  ": names of metadata must not begin with 'xgrad.', which the library's own do: " +
                  in_quotes(name) + ": " + path);
}

void write_safetensors(const char* op, const std::string& path, std::vector<NamedTensor> tensors,
                       const Metadata& metadata) {
  Writing(op, path, std::move(tensors), metadata).run();
}

void write_state(const char* op, const std::string& path, const StateDict& state, Metadata metadata) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, value] : state) {
    const auto* tensor = std::get_if<Tensor>(&value);
    if (tensor && tensor->defined())
      tensors.push_back({name, *tensor});
    else
      metadata[std::string(state_prefix) + name] = text_of_value(value);
  }
  write_safetensors(op, path, std::move(tensors), metadata);
}

void save(const std::string& path, const std::vector<NamedTensor>& tensors, SaveOptions options) {
  check_metadata("files::save", path, options.metadata);
  write_safetensors("files::save", path, tensors, options.metadata);
}

void save(const std::string& path, const StateDict& state, SaveOptions options) {
  check_metadata("files::save", path, options.metadata);
  write_state("files::save", path, state, std::move(options.metadata));
}

}  // namespace xgrad::files
