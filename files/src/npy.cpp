#include "xgrad/files/npy.hpp"

#include "npy_array.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::files {

Tensor read_npy(const std::string& path) {
  const RegularFile file("read_npy", path);
  FileSource source(file);
  return read_npy_array(source);
}

void write_npy(const std::string& path, const Tensor& tensor) {
  static_cast<void>(tensor.shape("write_npy"));  // before a file is made
  detail::WholeFile file("write_npy", path);
  write_npy_array("write_npy", tensor, [&](std::string_view bytes) { file.write(bytes); });
  file.finish();
}

}  // namespace xgrad::files
