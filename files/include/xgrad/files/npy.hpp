#pragma once

#include <string>

#include "xgrad/core/tensor.hpp"

namespace xgrad::files {

/// Reads an array from NumPy's `.npy`, versions 1.0 to 3.0, in either byte order and either order of axes.
///
/// float32, float64, int64 and bool stay what they are; float16 becomes float32, smaller and unsigned
/// integers int64. Throws Error, naming the file and what is wrong in it, for other dtypes (complex, text,
/// dates, Python objects, records), an unsigned integer above 2^63 - 1, a header of more than 10,000 bytes or
/// with other keys than NumPy's three, and data that are shorter or longer than the header says. Nothing is
/// allocated before the header has been checked against the size of the file.
Tensor read_npy(const std::string& path);

/// Writes a tensor as NumPy's `.npy`, version 1.0: np.load(path) reads it. The file is there whole or not at
/// all. Throws Error for an undefined tensor and where the file cannot be written; what was there has not
/// changed then.
void write_npy(const std::string& path, const Tensor& tensor);

}  // namespace xgrad::files
