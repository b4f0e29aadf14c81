#pragma once

#include <string>
#include <vector>

namespace xgrad::data {

/// Names the directory where the data sets are looked for first, for the whole process; "" names none.
void set_directory(const std::string& path);

/// The directories where the data sets are looked for, in this order: the one of set_directory, that of the
/// environment variable XGRAD_DATA, examples/data in the directories above the program and above the current
/// directory, share/xgrad/data beside the program's bin, where xgrad was installed, and its source tree.
std::vector<std::string> directories();

}  // namespace xgrad::data
