#pragma once

#include <string_view>

#include "pickle_value.hpp"

namespace xgrad::files {

/// Interprets the pickle of a state dict, protocol 2, as torch.save writes it. Nothing is executed: of
/// classes and functions it knows ordered dicts, storages, and what puts a tensor or a parameter together.
/// Any other one is refused by its name: throws PickleFault, with the place in the pickle. The bytes must
/// stay.
Pickle read_pickle(std::string_view bytes);

}  // namespace xgrad::files
