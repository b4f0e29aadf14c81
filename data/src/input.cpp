#include "input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "xgrad/core/error.hpp"

namespace xgrad::data {

namespace {

constexpr unsigned buffer_size = 1u << 17;
constexpr std::uint64_t most_deflate_saves = 1032;  // no deflate stream is smaller by more than this factor

// zlib puts its own name of the file before a message.
std::string without_path(const std::string& message) {
  const auto at = message.rfind(": ");
  return at == std::string::npos ? message : message.substr(at + 2);
}

}  // namespace

Input::Input(std::string op, const std::string& path) : op_(std::move(op)), path_(path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(std::string("the file cannot be opened (") + std::strerror(errno) + ")");
  struct stat status = {};
  const bool known = fstat(descriptor, &status) == 0;
  if (known && S_ISDIR(status.st_mode)) {
    close(descriptor);
    fail("this is a directory and not a file");
  }
  const gzFile file = gzdopen(descriptor, "rb");
  if (!file) {
    close(descriptor);
    fail("out of memory");
  }
  file_ = file;
  gzbuffer(file, buffer_size);
  if (known && S_ISREG(status.st_mode)) {
    plain_ = gzdirect(file);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    most_bytes_ = plain_ ? size : size * most_deflate_saves;
  }
}

Input::~Input() {
  if (file_) gzclose_r(static_cast<gzFile>(file_));
}

std::size_t Input::read(void* to, std::size_t n) {
  const auto file = static_cast<gzFile>(file_);
  std::size_t done = 0;
  while (done < n) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(n - done, 1u << 30));
    const int got = gzread(file, static_cast<char*>(to) + done, part);
    int code = Z_OK;
    const char* message = gzerror(file, &code);
    if (code == Z_BUF_ERROR) fail("the compressed data ends early; get the file again");
    if (code == Z_ERRNO) fail(std::string("the file cannot be read (") + std::strerror(errno) + ")");
    if (got < 0 || code < 0)
      fail("the compressed data is damaged (" + without_path(message) + "); get the file again");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void Input::fail(const std::string& what, const std::string& where) const {
  throw Error(op_ + ": " + what + ": " + where + path_);
}

}  // namespace xgrad::data
