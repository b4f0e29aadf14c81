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

/// Reads the dict of exactly the three keys of the format, in any order, with either quotes. Sizes may end
/// in L where Python 2 may have written them. `source` is named by errors, with the place in the header.
NpyLiteral parse_npy_literal(std::string_view header, bool may_be_python2, const ByteSource& source);

}  // namespace xgrad::files
