#pragma once

// Inputs of the readers of files: those that `make fuzz` finds, and the corpus that is kept of them. Each is
// read, or refused by an Error, and nothing else may happen.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "files/archive.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/state/state_dict.hpp"

namespace test {

/// Looks at every byte of a tensor, so that a sanitizer sees where one lies outside of its memory.
inline void look_at(const xgrad::Tensor& x) {
  if (!x.defined()) return;
  [[maybe_unused]] static volatile unsigned char sink;
  const auto look = [](auto elements) {
    unsigned char all = 0;
    for (const std::byte b : std::as_bytes(elements)) all ^= static_cast<unsigned char>(b);
    sink = all;
  };
  if (x.dtype() == xgrad::float32) look(x.data<float>());
  if (x.dtype() == xgrad::float64) look(x.data<double>());
  if (x.dtype() == xgrad::int64) look(x.data<std::int64_t>());
  if (x.dtype() == xgrad::boolean) look(x.data<bool>());
}

inline void look_at(const xgrad::StateDict& state) {
  for (const auto& [name, value] : state)
    if (const auto* x = std::get_if<xgrad::Tensor>(&value)) look_at(*x);
}

/// Gives read the path of a file of these bytes, which lies in memory.
template <class Read>
void read_or_refuse(const std::string& bytes, Read read) {
  static const int file =
      memfd_create("xgrad-fuzz", MFD_CLOEXEC);  // no MemoryFile: doctest is off in make fuzz
  if (ftruncate(file, 0) != 0 || pwrite(file, bytes.data(), bytes.size(), 0) != std::ssize(bytes))
    std::abort();
  try {
    read("/proc/self/fd/" + std::to_string(file));
  } catch (const xgrad::Error&) {
  }
}

/// What libFuzzer calls.
template <class Read>
int run_input(const std::uint8_t* data, std::size_t size, Read read) {
  read(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

/// The number of inputs in the corpus of a format, after read has had each of them.
template <class Read>
int run_corpus(const std::string& format, Read read) {
  int n = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(XGRAD_SOURCE_DIR "/tests/fuzz/corpus/" + format)) {
    std::ifstream in(entry.path(), std::ios::binary);
    read(std::string(std::istreambuf_iterator<char>(in), {}));
    ++n;
  }
  return n;
}

}  // namespace test
