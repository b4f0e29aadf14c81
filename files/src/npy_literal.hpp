#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "npy_source.hpp"

namespace xgrad::files {

/// The dict in the header of an `.npy`, as it is written there in Python.
struct NpyLiteral {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Reads the dict of exactly the three keys of the format, in any order, with either quotes. `source` is named by
/// errors, with the place in the header.
NpyLiteral parse_npy_literal(std::string_view header, const ByteSource& source);

}  // namespace xgrad::files
