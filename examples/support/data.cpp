#include "support/data.hpp"

#include <filesystem>
#include <string_view>

#include "support/program.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/data/directories.hpp"
#include "xgrad/data/sets.hpp"

namespace example {

std::string data_file(const std::string& name) {
  std::string tried;
  for (const std::string& directory : xgrad::data::directories()) {
    const std::filesystem::path path = std::filesystem::path(directory) / name;
    if (std::filesystem::exists(path)) return path.string();
    tried += "\n  " + path.string();
  }
  throw xgrad::Error("data_file: a file is not found, name its directory by --data: " + name +
                     "; it was looked for as" + tried);
}

xgrad::data::TensorDataset fashion_mnist(bool train, int rows) try {
  const xgrad::data::TensorDataset all = xgrad::data::fashion_mnist({.train = train});
  return rows > 0 ? all.slice(0, rows) : all;
} catch (const xgrad::Error& error) {
  if (std::string_view(error.what()).starts_with("fashion_mnist: a file is not found"))
    throw Skip{error.what()};
  throw;
}

}  // namespace example
