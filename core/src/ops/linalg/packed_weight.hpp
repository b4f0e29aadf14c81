#pragma once

#include <atomic>
#include <memory>
#include <variant>

#include "kernels/products/packed.hpp"
#include "tensor/fork.hpp"
#include "xgrad/core/packed_weight.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// A weight [out, in] in panels of its transpose.
struct Pack {
  Tensor weight;  ///< shares its elements, which so cannot become those of another one
  std::uint32_t version;
  std::variant<PackedMatrix<float>, PackedMatrix<double>> panels;

  template <class T>
  Packed<T> of() const {
    return *std::get<PackedMatrix<T>>(panels);
  }
};

/// The weight's, which is made where it is not there yet; null for a weight in memory that is not ours, which
/// may be written to unseen.
std::shared_ptr<const Pack> pack_of(const PackedWeight& place, const Tensor& weight);

}  // namespace xgrad::detail

namespace xgrad {

struct PackedWeight::State {
  detail::Mutex mutex;
  std::shared_ptr<const detail::Pack> pack;
  std::atomic<bool> full = false;  ///< so that nobody locks to see that there is nothing
};

}  // namespace xgrad
