#pragma once

#include <cstdint>
#include <vector>

namespace xgrad::onnx::detail {

/// A size of a tensor: a number, or a multiple of the size of the batch.
struct Dim {
  std::int64_t size;  ///< of the traced example; where it is the batch's, how many times the batch
  bool by_batch = false;

  bool operator==(const Dim&) const = default;
};
using Dims = std::vector<Dim>;

inline Dims fixed(const std::vector<std::int64_t>& sizes) {
  Dims dims;
  for (std::int64_t size : sizes) dims.push_back({size});
  return dims;
}
inline bool follows_batch(const Dims& dims) {
  for (const Dim& d : dims)
    if (d.by_batch) return true;
  return false;
}
/// The product of sizes of which one at most is the batch's.
inline Dim product(const Dims& dims) {
  Dim all{1};
  for (const Dim& d : dims) all = {all.size * d.size, all.by_batch || d.by_batch};
  return all;
}

}  // namespace xgrad::onnx::detail
