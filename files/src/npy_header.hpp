#pragma once

#include <cstdint>
#include <string>

#include "npy_elements.hpp"

namespace xgrad::files {

/// What stands before the data of an `.npy`.
struct NpyHeader {
  ElementCode code;
  bool fortran_order = false;  ///< the first index runs fastest
  Shape shape;
  std::uint64_t bytes = 0;  ///< of the header itself
};

/// Reads a header; the source then stands at the data.
NpyHeader read_npy_header(ByteSource& source);

/// The header of a tensor in version 1.0, as NumPy writes it: a multiple of 64 bytes long, with room for more
/// digits in the size along which files grow.
std::string npy_header(DType dtype, const Shape& shape);

}  // namespace xgrad::files
