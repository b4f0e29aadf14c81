#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "xgrad/core/error.hpp"

namespace xgrad::files {

namespace {

class Descriptor {
 public:
  // Without O_NONBLOCK, a pipe would wait for a writer.
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

std::string system_reason() { return " (" + std::generic_category().message(errno) + "): "; }

}  // namespace

MappedFile::MappedFile(const char* op, const std::string& path) : op_(op), path_(path) {
  const std::string head = std::string(op) + ": ";
  const Descriptor file(path);
  struct stat status = {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0)
    throw Error(head + "the file cannot be opened" + system_reason() + path +
                "; name a file that is there and may be read");
  if (S_ISDIR(status.st_mode))
    throw Error(head + "this is a directory and not a file: " + path + "; name a file in it");
  if (!S_ISREG(status.st_mode))
    throw Error(head + "this is a pipe or a device and not a file: " + path +
                "; write what comes from it to a file first");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* at = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.number(), 0);
  if (at == MAP_FAILED)
    throw Error(head + "the file cannot be mapped" + system_reason() + path +
                "; it needs a file system with mapped files, and address space for its size");
  data_ = static_cast<std::byte*>(at);
}

void MappedFile::expect_all() const {
  if (data_) static_cast<void>(madvise(data_, size_, MADV_POPULATE_READ));  // of no effect before Linux 5.14
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
}

void MappedFile::broken(const std::string& what) const {
  throw Error(std::string(op_) + ": " + what + ": " + path_ +
              "; expected a whole file in the form of safetensors: write or fetch it again");
}

}  // namespace xgrad::files
