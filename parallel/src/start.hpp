#pragma once

#include "channel.hpp"

namespace xgrad::parallel::detail {

/// An all_reduce with a number of its own among the calls of the channel, so that ranks may begin theirs in
/// any order. Nobody else may use that number.
Work start_all_reduce_as(const std::shared_ptr<Channel>& channel, Tensor x, Reduce reduce,
                         std::uint64_t call);

}  // namespace xgrad::parallel::detail
