#include <filesystem>

#include "commands.hpp"
#include "stored.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::tools {

int convert(const ConvertOptions& options) {
  format_of(options.to);  // before a large file is read for nothing
  std::error_code is_not_there;
  if (std::filesystem::equivalent(options.from, options.to, is_not_there))
    throw Error("convert: the file to read must not be the one to write; write to another name: " +
                options.to);
  Stored stored = read_stored(options.from);
  if (options.tensors_only) stored.values = {}, stored.metadata = {};
  write_stored(options.to, stored, options.compress);
  return all_well;
}

}  // namespace xgrad::tools
