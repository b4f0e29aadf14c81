#pragma once

#include <optional>
#include <string>

#include "pickle_value.hpp"

namespace xgrad::files {

/// Thrown where a pickle is no state dict's; the interpreter knows the place and makes an Error of it.
struct PickleFault {
  std::string what;
};
[[noreturn]] inline void fault(std::string what) { throw PickleFault{std::move(what)}; }

/// How the elements of a storage class lie in the file, "torch.FloatStorage"; nothing where the class is
/// another one.
std::optional<ElementCode> storage_code(const PickleGlobal& global);

/// Whether the name is one of those that the interpreter knows.
bool is_known(const PickleGlobal& global);

/// "collections.OrderedDict".
std::string name_of(const PickleGlobal& global);

/// The result of a call of a known function with these arguments. Throws PickleFault where they
/// are not what PyTorch gives it.
PickleValue called(const Pickle& pickle, const PickleGlobal& function, const PickleTuple& arguments);

/// What a persistent id stands for: ('storage', class, key, device, size).
PickleStorage stored(const Pickle& pickle, PickleRef id);

}  // namespace xgrad::files
