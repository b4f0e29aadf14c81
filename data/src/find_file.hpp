#pragma once

#include <string>
#include <vector>

namespace xgrad::data {

/// The path of the first of `names`, tried in each directory in turn, that exists.
///
/// Throws Error, with `op` at its head, that lists every place that was tried, and then says `remedy`.
std::string find_file(const std::string& op, const std::vector<std::string>& names,
                      const std::vector<std::string>& directories, const std::string& remedy);

/// The directories to search when the option `directory` has this value.
std::vector<std::string> directories_or(const std::string& directory);

}  // namespace xgrad::data
