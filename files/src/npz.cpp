#include "xgrad/files/npz.hpp"

#include <set>
#include <string_view>

#include "npy_array.hpp"
#include "npy_text.hpp"
#include "xgrad/core/error.hpp"
#include "zip_archive.hpp"
#include "zip_writer.hpp"

namespace xgrad::files {
namespace {

constexpr std::string_view ending = ".npy";
constexpr std::size_t longest_name = 0xffff - ending.size();

[[noreturn]] void refuse(const std::string& what, const std::string& name, const std::string& path) {
  throw Error("write_npz: " + what + ": the tensor '" + shown(name) + "' of " + path);
}

/// All that can be wrong with them, before a file is made.
void check_named(const std::string& path, const std::vector<NamedTensor>& tensors) {
  std::set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined()) refuse("a tensor is undefined; leave it out", name, path);
    if (!is_utf8(name) || name.find('\0') != std::string::npos)
      refuse("a name must be UTF-8 without zero bytes", name, path);
    if (name.size() > longest_name)
      refuse("a name must have " + std::to_string(longest_name) + " bytes at most", name, path);
    if (!names.insert(name).second) refuse("two tensors have one name; give each its own", name, path);
  }
}

}  // namespace

std::vector<NamedTensor> read_npz(const std::string& path) {
  ZipArchive archive("read_npz", path);
  std::vector<NamedTensor> tensors;
  for (const ZipEntry& entry : archive.entries()) {
    if (entry.is_folder) continue;
    if (!entry.name.ends_with(ending))
      archive.fail("the member is no array, its name must end in .npy; read an archive of np.savez", entry);
    NamedTensor named{entry.name.substr(0, entry.name.size() - ending.size()), {}};
    archive.open(entry, [&](ByteSource& source) { named.tensor = read_npy_array(source); });
    tensors.push_back(std::move(named));
  }
  return tensors;
}

void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors, NpzOptions options) {
  check_named(path, tensors);
  ZipWriter zip("write_npz", path);
  for (const auto& [name, tensor] : tensors) {
    zip.begin(name + std::string(ending), options.compress);
    write_npy_array("write_npz", tensor, [&](std::string_view bytes) { zip.write(bytes); });
    zip.end();
  }
  zip.finish();
}

}  // namespace xgrad::files
