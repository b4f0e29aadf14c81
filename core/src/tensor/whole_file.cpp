#include "xgrad/core/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "tensor/errors.hpp"

namespace xgrad::detail {
namespace {

constexpr std::size_t most_waiting = 1u << 16;

/// Of two files that this process writes to one place at once, each has a name of its own.
std::string unfinished_name(const std::string& path) {
  static constinit std::atomic<unsigned> count = 0;
  return path + "." + std::to_string(getpid()) + "." + std::to_string(count.fetch_add(1)) + ".tmp";
}

}  // namespace

WholeFile::WholeFile(const char* op, std::string path)
    : op_(op), path_(std::move(path)), unfinished_(unfinished_name(path_)) {
  if (path_.empty()) detail::fail(op_, "the file needs a name: the path is empty");
  struct stat there = {};
  if (stat(path_.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {  // not to be replaced
    if (S_ISDIR(there.st_mode)) fail(EISDIR);
    cannot_write("what is there is a device, a pipe or a socket");
  }
  descriptor_ = open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(errno);
}

WholeFile::~WholeFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

void WholeFile::write(std::string_view text) {
  waiting_ += text;
  size_ += text.size();
  if (waiting_.size() >= most_waiting) flush();
}

void WholeFile::overwrite(std::uint64_t at, std::string_view text) {
  flush();
  put(text, at);
}

void WholeFile::flush() {
  put(waiting_, size_ - waiting_.size());
  waiting_.clear();
}

void WholeFile::put(std::string_view text, std::uint64_t at) {
  while (!text.empty()) {
    const ssize_t n = pwrite(descriptor_, text.data(), text.size(), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) fail(errno);
    if (n <= 0) continue;
    text.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

void WholeFile::finish() {
  flush();
  if (fsync(descriptor_) != 0) fail(errno);
  if (close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (rename(unfinished_.c_str(), path_.c_str()) != 0) fail(errno);
  unfinished_.clear();
}

void WholeFile::fail(int reason) const { cannot_write(std::generic_category().message(reason)); }

void WholeFile::cannot_write(const std::string& reason) const {
  detail::fail(op_, "the file cannot be written (" + reason + "): " + path_ +
                        "; name a file in a folder that exists and may be written");
}

}  // namespace xgrad::detail
