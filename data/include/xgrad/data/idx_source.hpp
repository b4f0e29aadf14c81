#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xgrad/data/pipeline.hpp"

namespace xgrad::data {

/// An IDX file of a source, and what its elements become, as in read_idx.
struct IdxFile {
  std::string path;
  std::optional<DType> dtype = {};
};

/// The rows of IDX files of equally many, such as images and labels, by index and from several threads,
/// without reading them into memory: they are mapped, and a byte stays a byte until its batch is made.
///
///     auto batches = data::idx_source({{"images-idx3-ubyte", float32}, {"labels-idx1-ubyte"}}) |
///                    data::shuffle() | data::batch(64) | data::prefetch(2);
///
/// Throws Error for what read_idx refuses, for compressed files and for different leading sizes. The files
/// must not be changed while the source is in use.
Pipeline idx_source(std::vector<IdxFile> files);

}  // namespace xgrad::data
