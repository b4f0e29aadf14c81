#include "xgrad/data/directories.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "find_file.hpp"
#include "tensor/fork.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

namespace fs = std::filesystem;

struct Chosen {
  xgrad::detail::Mutex lock;
  std::string path;
};

Chosen& chosen() {
  static constinit std::atomic<Chosen*> of_process = nullptr;
  return xgrad::detail::process_wide(of_process);
}

void add(std::vector<std::string>& to, const fs::path& path) {
  std::string s = path.lexically_normal().string();
  if (std::find(to.begin(), to.end(), s) == to.end()) to.push_back(std::move(s));
}

// examples/data in `from` and in every directory above it.
void add_upward(std::vector<std::string>& to, fs::path from) {
  for (; !from.empty(); from = from.parent_path()) {
    add(to, from / "examples" / "data");
    if (from == from.root_path()) break;
  }
}

}  // namespace

void set_directory(const std::string& path) {
  const std::lock_guard guard(chosen().lock);
  chosen().path = path;
}

std::vector<std::string> directories() {
  std::vector<std::string> found;
  {
    const std::lock_guard guard(chosen().lock);
    if (!chosen().path.empty()) add(found, chosen().path);
  }
  if (const char* path = std::getenv("XGRAD_DATA"); path && *path) add(found, path);

  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  add_upward(found, program);
  add_upward(found, fs::current_path(ignored));
  if (!program.empty()) add(found, program.parent_path() / "share" / "xgrad" / "data");
#ifdef XGRAD_INSTALL_DATA_DIR
  add(found, XGRAD_INSTALL_DATA_DIR);
#endif
#ifdef XGRAD_SOURCE_DATA_DIR
  add(found, XGRAD_SOURCE_DATA_DIR);
#endif
  return found;
}

std::vector<std::string> directories_or(const std::string& directory) {
  return directory.empty() ? directories() : std::vector{directory};
}

std::string find_file(const std::string& op, const std::vector<std::string>& names,
                      const std::vector<std::string>& directories, const std::string& remedy) {
  std::string tried;
  for (const std::string& directory : directories) {
    for (const std::string& name : names) {
      const fs::path path = fs::path(directory) / name;
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path.string();
      tried += "\n  " + path.string();
    }
  }
  throw Error(op + ": a file is not found: tried" + tried + "\n" + remedy);
}

}  // namespace xgrad::data
