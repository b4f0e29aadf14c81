#include "npy_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "xgrad/core/error.hpp"

namespace xgrad::files {

void ByteSource::fail(const std::string& what) const { throw Error(message(what)); }

RegularFile::RegularFile(const char* op, std::string path) : op_(op), path_(std::move(path)) {
  const auto refuse_by_system = [&] {
    fail("the file cannot be opened (" + std::generic_category().message(errno) + ")");
  };
  if (path_.find('\0') != std::string::npos) fail("the path holds a zero byte; name a file");
  // Without waiting for someone who writes, should it be a pipe.
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) refuse_by_system();
  struct stat status = {};
  const bool known = fstat(descriptor_, &status) == 0;
  if (known && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  close(std::exchange(descriptor_, -1));
  if (!known) refuse_by_system();
  if (S_ISDIR(status.st_mode)) fail("this is a directory and not a file");
  fail("this is a device, a pipe or a socket; save what it gives to a file first");
}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::ptrdiff_t RegularFile::read_at(std::uint64_t at, void* to, std::size_t n) const noexcept {
  std::size_t done = 0;
  while (done < n && at + done < size_) {
    const ssize_t got =
        pread(descriptor_, static_cast<char*>(to) + done, n - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::ptrdiff_t>(done);
}

std::string RegularFile::message(const std::string& what, const std::string& where) const {
  return std::string(op_) + ": " + what + ": " + where + path_;
}

void RegularFile::fail(const std::string& what, const std::string& where) const {
  throw Error(message(what, where));
}

std::size_t FileSource::read(void* to, std::size_t n) {
  const std::ptrdiff_t got = file_.read_at(at_, to, n);
  if (got < 0) file_.fail("the file cannot be read (" + std::generic_category().message(errno) + ")");
  at_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

}  // namespace xgrad::files
