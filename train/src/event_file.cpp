#include "event_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <protozero/pbf_writer.hpp>

#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

// The numbers of the fields in the messages.
namespace event {
enum : protozero::pbf_tag_type { wall_time = 1, step = 2, file_version = 3, summary = 5 };
}
namespace value {
enum : protozero::pbf_tag_type { tag = 1, simple_value = 2, histo = 5 };
}
namespace histo {
enum : protozero::pbf_tag_type {
  min = 1,
  max = 2,
  num = 3,
  sum = 4,
  sum_squares = 5,
  limits = 6,
  counts = 7
};
}
constexpr protozero::pbf_tag_type value_of_summary = 1;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::uint32_t masked(std::uint32_t crc) {
  constexpr std::uint32_t offset = 0xa282ead8;
  return ((crc >> 15U) | (crc << 17U)) + offset;
}

template <class T>
std::string little_endian(T number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>((number >> (8 * i)) & 0xffU);
  return bytes;
}

std::string new_path(const std::string& directory) {
  static std::atomic<int> files = 0;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = 'h';
  return directory + "/events.out.tfevents." + std::to_string(static_cast<long long>(now())) + "." +
         host.data() + "." + std::to_string(getpid()) + "." + std::to_string(files++);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    constexpr std::uint32_t polynomial = 0x82f63b78;  // bits in reverse
    std::array<std::uint32_t, 256> all{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      all[i] = i;
      for (int bit = 0; bit < 8; ++bit) all[i] = (all[i] >> 1U) ^ ((all[i] & 1U) ? polynomial : 0);
    }
    return all;
  }();
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xffU] ^ (crc >> 8U);
  return ~crc;
}

Histogram histogram_of(const std::vector<double>& numbers, int buckets) {
  Histogram h;
  h.min = std::numeric_limits<double>::infinity(), h.max = -h.min;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    h.min = std::min(h.min, x), h.max = std::max(h.max, x);
    h.sum += x, h.sum_of_squares += x * x, h.count += 1;
  }
  if (h.count == 0) return {};
  h.counts.assign(static_cast<std::size_t>(buckets), 0);
  const double width = (h.max - h.min) / buckets;
  for (int i = 1; i <= buckets; ++i) h.limits.push_back(i == buckets ? h.max : h.min + width * i);
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    const int bucket = width > 0 ? static_cast<int>((x - h.min) / width) : 0;
    h.counts[static_cast<std::size_t>(std::min(bucket, buckets - 1))] += 1;
  }
  return h;
}

EventFile::EventFile(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  path_ = new_path(directory);
  file_.open(path_, std::ios::binary);
  if (!file_)
    throw Error("TensorBoard: the directory must be one where files can be made: " + directory +
                (error ? " (" + error.message() + ")" : ""));
  std::string bytes;
  protozero::pbf_writer first(bytes);
  first.add_double(event::wall_time, now());
  first.add_string(event::file_version, "brain.Event:2");
  record(bytes);
}

void EventFile::record(const std::string& event) {
  const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
  file_ << length << little_endian(masked(crc32c(length))) << event << little_endian(masked(crc32c(event)));
}

void EventFile::summary(std::int64_t step, const std::string& value) {
  std::string summary, bytes;
  protozero::pbf_writer(summary).add_message(value_of_summary, value);
  protozero::pbf_writer event(bytes);
  event.add_double(event::wall_time, now());
  event.add_int64(event::step, step);
  event.add_message(event::summary, summary);
  record(bytes);
}

void EventFile::scalar(std::int64_t step, const std::string& tag, double number) {
  std::string bytes;
  protozero::pbf_writer value(bytes);
  value.add_string(value::tag, tag);
  value.add_float(value::simple_value, static_cast<float>(number));
  summary(step, bytes);
}

void EventFile::histogram(std::int64_t step, const std::string& tag, const Histogram& h) {
  std::string counts, bytes;
  protozero::pbf_writer histogram(counts);
  histogram.add_double(histo::min, h.min);
  histogram.add_double(histo::max, h.max);
  histogram.add_double(histo::num, h.count);
  histogram.add_double(histo::sum, h.sum);
  histogram.add_double(histo::sum_squares, h.sum_of_squares);
  histogram.add_packed_double(histo::limits, h.limits.begin(), h.limits.end());
  histogram.add_packed_double(histo::counts, h.counts.begin(), h.counts.end());
  protozero::pbf_writer value(bytes);
  value.add_string(value::tag, tag);
  value.add_message(value::histo, counts);
  summary(step, bytes);
}

void EventFile::flush() {
  file_.flush();
  if (!file_) throw Error("TensorBoard: the file must be one that can be written: " + path_);
}

}  // namespace xgrad::train
