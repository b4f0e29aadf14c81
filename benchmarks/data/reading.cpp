// How fast examples come: megabytes of CSV a second of one core, and images a second from a pipeline with 0,
// 1 and 2 workers. `reading` alone writes a table of 100 MB; `reading FILE` reads that table, which has no
// header.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "xgrad/xgrad.hpp"

using namespace xgrad;

namespace {

template <class F>
double cpu_seconds(F f) {
  const std::clock_t start = std::clock();
  f();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

template <class F>
double seconds(F f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void write_table(const std::string& path, int rows) {
  std::ofstream out(path);
  Generator g(1);
  char field[32];
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < 20; ++column) {
      std::snprintf(field, sizeof field, "%.6f%c", g.normal(), column == 19 ? '\n' : ',');
      out << field;
    }
}

void measure_table(const std::string& path, int rounds) {
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  for (int round = 0; round < rounds; ++round) {
    const double whole = cpu_seconds([&] { data::read_csv(path, {.header = false}); });
    const double blocks = cpu_seconds([&] {
      for ([[maybe_unused]] const auto& batch :
           data::csv_source(path, {.targets = {-1}, .header = false}, {}, {.batch = 1000})) {
      }
    });
    std::printf("read_csv %.0f MB/s, csv_source in blocks %.0f MB/s, of %.0f MB, seconds of the processor\n",
                megabytes / whole, megabytes / blocks, megabytes);
  }
}

/// Images of 3 x 32 x 32 flipped, cropped and turned, in batches of 64.
void measure_images(std::int64_t images, int rounds) {
  const data::TensorDataset set(rand({images, 3, 32, 32}), randint(0, 10, {images}));
  for (int round = 0; round < rounds; ++round)
    for (const int workers : {0, 1, 2}) {
      const auto batches = data::from(set) | data::shuffle() | data::map(data::random_flip()) |
                           data::map(data::random_crop({.height = 32, .width = 32, .padding = 4})) |
                           data::map(data::random_rotation(10)) | data::batch(64) | data::prefetch(workers);
      const double time = seconds([&] {
        for ([[maybe_unused]] const auto& batch : batches) {
        }
      });
      std::printf("%d workers: %.0f images/s\n", workers, static_cast<double>(images) / time);
    }
  const double plain = seconds([&] {
    for ([[maybe_unused]] const auto& batch : data::Loader(set, {.batch_size = 64, .shuffle = true})) {
    }
  });
  const double piped = seconds([&] {
    for ([[maybe_unused]] const auto& batch : data::from(set) | data::shuffle() | data::batch(64)) {
    }
  });
  std::printf("without transforms: Loader %.0f images/s, the same as stages %.0f images/s\n",
              static_cast<double>(images) / plain, static_cast<double>(images) / piped);
}

}  // namespace

int main(int count, char** arguments) {
  const bool check = count > 1 && std::string(arguments[1]) == "--check";
  std::string path = count > 1 && !check ? arguments[1] : "reading.csv";
  if (count == 1 || check) write_table(path, check ? 200 : 530000);
  measure_table(path, check ? 1 : 3);
  measure_images(check ? 128 : 20000, check ? 1 : 3);
  if (count == 1 || check) std::filesystem::remove(path);
}
