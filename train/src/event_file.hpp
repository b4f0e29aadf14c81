#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::train {

/// CRC-32C (Castagnoli) of some bytes.
std::uint32_t crc32c(std::string_view bytes);

/// How many numbers lie between limits, and what they add up to.
struct Histogram {
  double min = 0, max = 0, sum = 0, sum_of_squares = 0;
  std::vector<double> limits, counts;
  double count = 0;
};
/// A histogram with so many buckets of one width. Numbers that are not finite are left out.
Histogram histogram_of(const std::vector<double>& numbers, int buckets = 30);

/// A file of TensorBoard's events, as tensorflow/core/util/event.proto and framework/summary.proto say.
class EventFile {
 public:
  /// Makes a file in a directory, which is made too. Throws Error where that cannot be.
  explicit EventFile(const std::string& directory);

  void scalar(std::int64_t step, const std::string& tag, double value);
  void histogram(std::int64_t step, const std::string& tag, const Histogram& histogram);
  /// Hands all to the system. Throws Error where it does not take it.
  void flush();

  const std::string& path() const { return path_; }

 private:
  void summary(std::int64_t step, const std::string& value);
  void record(const std::string& event);

  std::string path_;
  std::ofstream file_;
};

}  // namespace xgrad::train
