#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "xgrad/core/error.hpp"

namespace xgrad::data {

MappedFile::MappedFile(const std::string& op, const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw Error(op + ": the file cannot be opened (" + std::strerror(errno) + "): " + path);
  struct stat status = {};
  if (fstat(descriptor, &status) == 0) size_ = static_cast<std::size_t>(status.st_size);
  void* const at = size_ == 0 ? nullptr : mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int reason = errno;
  close(descriptor);
  if (at == MAP_FAILED)
    throw Error(op + ": the file cannot be read (mapped: " + std::strerror(reason) + "): " + path);
  at_ = at;
}

MappedFile::~MappedFile() {
  if (at_) munmap(const_cast<void*>(at_), size_);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace xgrad::data
