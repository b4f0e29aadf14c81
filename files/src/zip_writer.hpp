#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace xgrad::files {

/// A zip archive that is written: it is there whole after finish(), or not at all. Members have no date, so
/// that the same members make the same bytes, and fields for sizes beyond 4 GiB.
class ZipWriter {
 public:
  ZipWriter(const char* op, const std::string& path);
  ~ZipWriter();

  void begin(const std::string& name, bool compress);
  void write(std::string_view bytes);
  void end();
  void finish();

 private:
  struct Output;
  void check(int code);

  std::unique_ptr<Output> output_;
};

}  // namespace xgrad::files
