#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/core/state/load.hpp"

namespace xgrad::files {

/// Texts by name that a file carries beside its tensors.
using Metadata = std::map<std::string, std::string>;

struct SaveOptions {
  Metadata metadata = {};  ///< names that begin with "xgrad." are taken
};

struct LoadOptions {
  bool strict = true;  ///< off: what only one side has is passed over, and returned
  /// The name that the target has for a name of the file; "" leaves it out.
  std::function<std::string(const std::string&)> rename = {};
};

/// What is in a file: tensors in the order of their data, and texts by name.
struct Contents {
  std::vector<NamedTensor> tensors = {};
  Metadata metadata = {};

  bool contains(std::string_view name) const;
  /// The tensor of that name. Throws Error where there is none.
  const Tensor& at(std::string_view name) const;
};

/// Writes tensors by name in the form of safetensors, which Python's package of that name reads. The file is
/// there whole or not at all, and what was there before stays until then. A tensor with several names is
/// written under each.
///
/// Throws Error, and changes nothing, for a name that occurs twice or is no UTF-8, an undefined tensor, a
/// header above 100,000,000 bytes, and what the system refuses.
void save(const std::string& path, const std::vector<NamedTensor>& tensors, SaveOptions options = {});
/// The same of a state. Values that are no tensors travel in the file's metadata as texts, under their names
/// behind "xgrad.state:", and come back exactly: "int 5", "float 0.1", "bool true", "text adam", "undefined".
void save(const std::string& path, const StateDict& state, SaveOptions options = {});

/// Reads the tensors and the metadata of a file in the form of safetensors. The file is mapped: nothing is
/// read before it is used, and tensors share the pages of the file until they are written to, which changes
/// the tensor and not the file. Do not change the file in place while they live; `save` does not, it puts
/// another file in its place.
///
/// Integers of less than 64 bits become int64, halves and bfloat16 float32. Those are copied, as is what
/// does not lie at a multiple of its elements' size.
///
/// Throws Error, which names the file and the place in it, for whatever the format's reference reader
/// refuses, and for what a tensor cannot hold: an unsigned integer of 2^63 or more, a boolean byte other than
/// 0 and 1, more than 32 axes.
Contents read(const std::string& path);
/// The same as a state, with the values that are no tensors; the file's other metadata are left out.
StateDict read_state(const std::string& path);

namespace detail {
LoadedKeys load(const std::string& path, const Visitor& target, const LoadOptions& options);
}  // namespace detail

/// Writes everything that x names in its `visit`: a model, an optimizer, a generator.
///
///     files::save("model.safetensors", model);
///     files::load("model.safetensors", model);
template <Visitable T>
void save(const std::string& path, const T& x, SaveOptions options = {}) {
  save(path, xgrad::detail::values_of(Visitor::of(x), false), std::move(options));
}

/// Gives everything that x names the value of that name in the file, as load_state_dict does: in place,
/// converted to the dtypes that are there, and all or nothing. A file from elsewhere is fitted by
/// {.rename = ...} and {.strict = false}. Throws Error as `read` and load_state_dict do, with the file's
/// name.
template <Visitable T>
LoadedKeys load(const std::string& path, T& x, const LoadOptions& options = {}) {
  return detail::load(path, Visitor::of(x), options);
}

}  // namespace xgrad::files
