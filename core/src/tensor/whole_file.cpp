#include "xgrad/core/whole_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "tensor/errors.hpp"

namespace xgrad::detail {
namespace {

constexpr std::size_t most_waiting = 1u << 16;
// What cp writes at once. For larger parts Linux looks for large pages of cache, which can take ten times as
// long.
constexpr std::size_t most_at_once = 1u << 17;

/// Of two files that this process writes to one place at once, each has a name of its own.
std::string unfinished_name(const std::string& path) {
  static constinit std::atomic<unsigned> count = 0;
  return path + "." + std::to_string(getpid()) + "." + std::to_string(count.fetch_add(1)) + ".tmp";
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// A folder that cannot be flushed is no reason to take back what has been renamed in it.
void flush_folder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  static_cast<void>(fsync(descriptor));
  close(descriptor);
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
  open_unfinished();
}

/// A process that was killed may have had the number of this one, and left a file of this name.
void WholeFile::open_unfinished() {
  constexpr int most_left = 1000;
  for (int i = 0; i < most_left; ++i) {
    if (i > 0) unfinished_ = unfinished_name(path_);
    descriptor_ = open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0 || errno != EEXIST) break;
  }
  if (descriptor_ < 0) {
    const int reason = errno;
    unfinished_.clear();
    fail(reason);
  }
  static_cast<void>(
      flock(descriptor_, LOCK_EX | LOCK_NB));  // where a file system has no locks, there is none
}

WholeFile::~WholeFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

void WholeFile::write(std::string_view bytes) {
  if (bytes.size() >= most_waiting) {
    flush();
    put(bytes, size_);
  } else {
    waiting_ += bytes;
  }
  size_ += bytes.size();
  if (waiting_.size() >= most_waiting) flush();
}

void WholeFile::overwrite(std::uint64_t at, std::string_view bytes) {
  flush();
  put(bytes, at);
}

void WholeFile::flush() {
  put(waiting_, size_ - waiting_.size());
  waiting_.clear();
}

void WholeFile::put(std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t n =
        pwrite(descriptor_, bytes.data(), std::min(bytes.size(), most_at_once), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) fail(errno);
    if (n <= 0) continue;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

void WholeFile::finish() {
  flush();
  const std::string folder = folder_of(path_);  // nothing may fail behind the renaming
  if (fsync(descriptor_) != 0) fail(errno);
  if (close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (rename(unfinished_.c_str(), path_.c_str()) != 0) fail(errno);
  unfinished_.clear();
  flush_folder(folder);
}

void WholeFile::fail(int reason) const { cannot_write(std::generic_category().message(reason)); }

void WholeFile::cannot_write(const std::string& reason) const {
  detail::fail(op_, "the file cannot be written (" + reason + "): " + path_ +
                        "; name a file in a folder that exists and may be written");
}

}  // namespace xgrad::detail
