#pragma once

#include <cstdint>

namespace xgrad::parallel {

/// What of gradients travels. What does not, is kept and added to the next step's: error feedback, Seide et
/// al., 2014, and Karimireddy et al., 2019. All ranks get the same bits with each.
enum class Compression : std::uint8_t {
  none,
  float16,   ///< a half or a quarter of the bytes; up to 65504 in size
  bfloat16,  ///< the same, with float32's range and three digits
  top_k,     ///< of each bucket a share of the elements, the largest ones, each with its place
};

struct CompressionOptions {
  Compression kind = Compression::none;
  double share = 0.01;  ///< of the elements of a bucket, for top_k; one at least
};

}  // namespace xgrad::parallel
