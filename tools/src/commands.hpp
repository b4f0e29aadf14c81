#pragma once

#include <string>

namespace xgrad::tools {

/// What the program ends with.
enum Exit : int { all_well = 0, differs = 1, trouble = 2 };

struct InfoOptions {
  std::string path;
  bool statistics = true, json = false;
};
/// Prints what is in a file.
int info(const InfoOptions& options);

struct ConvertOptions {
  std::string from, to;
  bool compress = false, tensors_only = false;
};
/// Writes a file in another form.
int convert(const ConvertOptions& options);

struct DiffOptions {
  std::string a, b;
  double tolerance = 0;
  bool tensors_only = false, values_only = false, json = false;
};
/// Prints where two files differ.
int diff(const DiffOptions& options);

struct DoctorOptions {
  bool json = false;
};
/// Prints how the library was built and where it finds data, and tests it for about two seconds.
int doctor(const DoctorOptions& options);

}  // namespace xgrad::tools
