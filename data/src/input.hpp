#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace xgrad::data {

/// The bytes of a file, decompressed on the way where gzip has compressed it. Throws Error for a file that
/// cannot be opened, cannot be read, is a directory, or is damaged.
class Input {
 public:
  Input(std::string op, const std::string& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// Reads up to n bytes; fewer only at the end.
  std::size_t read(void* to, std::size_t n);

  /// How many bytes read() can give at most, from the size of the file; nothing when it has no size (a pipe).
  std::optional<std::uint64_t> most_bytes() const { return most_bytes_; }

  /// True where gzip has not compressed it, and read() gives the bytes of the file as they are.
  bool plain() const { return plain_; }
  const std::string& path() const { return path_; }

  /// Throws Error `op: what: where path`.
  [[noreturn]] void fail(const std::string& what, const std::string& where = "") const;

 private:
  std::string op_;
  std::string path_;
  void* file_ = nullptr;  // a gzFile
  std::optional<std::uint64_t> most_bytes_;
  bool plain_ = false;
};

}  // namespace xgrad::data
