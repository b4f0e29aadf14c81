#pragma once

#include <string>
#include <vector>

namespace xgrad::detail {

/// The return addresses of the calling thread, innermost first.
std::vector<void*> call_stack();

/// One line a call, from the first one outside xgrad to main: function, and file and line where the program
/// has debugging information.
std::string describe_call_stack(const std::vector<void*>& addresses);

}  // namespace xgrad::detail
