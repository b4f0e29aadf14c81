#pragma once

#include <string_view>

#include "pickle_value.hpp"

namespace xgrad::files {

/// Interprets the pickle of a state dict, protocol 2, as torch.save writes it. Nothing is executed: of
/// classes and functions it knows ordered dicts, storages, and what puts a tensor or a parameter together.
/// Any other one is an Error that names it; errors name the source and the place in the pickle. The bytes
/// must stay.
Pickle read_pickle(std::string_view bytes, const ByteSource& source);

}  // namespace xgrad::files
