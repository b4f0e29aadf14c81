#include "safetensors_read.hpp"

#include <algorithm>

#include "state_text.hpp"

namespace xgrad::files {

namespace {

/// Fills a state with values under other names.
class Renamed {
 public:
  Renamed(const MappedFile& file, const Rename& rename) : file_(file), rename_(rename) {}

  /// The name for it; "" where it is left out.
  std::string name_for(const std::string& name) const {
    std::string other = rename_ ? rename_(name) : name;
    if (!other.empty() && state.contains(other))
      throw Error(std::string(file_.op()) + ": two values have the name " + in_quotes(other) +
                  " in the end: " + file_.path() +
                  "; the names, and those that .rename gives, must be unlike");
    return other;
  }

  StateDict state;

 private:
  const MappedFile& file_;
  const Rename& rename_;
};

}  // namespace

StateDict state_of(const StoredFile& file, const Rename& rename) {
  Renamed all(*file.file, rename);
  for (const StoredTensor& t : file.header.tensors)
    if (const std::string name = all.name_for(t.name); !name.empty() || !rename)
      all.state.set(name, file.tensor(t));
  for (const auto& [key, text] : file.header.metadata) {
    if (!key.starts_with(state_prefix)) continue;
    const std::string of_file = key.substr(state_prefix.size()), name = all.name_for(of_file);
    if (name.empty() && rename) continue;
    auto value = value_of_text(text);
    if (!value)
      file.file->broken("the metadata " + in_quotes(key) + " must be a value with its type: it is " +
                        in_quotes(text));
    all.state.set(name, std::move(*value));
  }
  return std::move(all.state);
}

LoadedKeys load_into(const Visitor& target, const StoredFile& file, const LoadOptions& options) {
  const StateDict state = state_of(file, options.rename);
  if (options.strict && !options.rename) file.file->expect_all();  // else a part may be all that is wanted
  try {
    return xgrad::detail::load(target, state, {.strict = options.strict});
  } catch (const Error& e) {
    throw Error(std::string(e.what()) + ": " + file.file->path());
  }
}

Contents read(const std::string& path) {
  StoredFile file("files::read", path);
  Contents contents;
  contents.tensors.reserve(file.header.tensors.size());
  for (const StoredTensor& t : file.header.tensors) contents.tensors.push_back({t.name, file.tensor(t)});
  contents.metadata = std::move(file.header.metadata);
  return contents;
}

StateDict read_state(const std::string& path) { return state_of(StoredFile("files::read_state", path), {}); }

bool Contents::contains(std::string_view name) const {
  return std::ranges::find(tensors, name, &NamedTensor::name) != tensors.end();
}

const Tensor& Contents::at(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  if (found != tensors.end()) return found->tensor;
  throw Error("files::Contents: there is no " + in_quotes(name) + " among its " +
              std::to_string(tensors.size()) + " tensors; contains() says whether there is");
}

namespace detail {

LoadedKeys load(const std::string& path, const Visitor& target, const LoadOptions& options) {
  return load_into(target, StoredFile("files::load", path), options);
}

}  // namespace detail

}  // namespace xgrad::files
