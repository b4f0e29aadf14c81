#include "autodiff/push.hpp"

#include "autodiff/pusher.hpp"

namespace xgrad::detail {

std::vector<Tensor> push(const Heard& call, std::span<const Tensor> tangents) {
  return Pusher(call, tangents).run();
}

bool pushes_by_reverse(const Op& op) { return op.jvp.by == Jvp::By::reverse; }

}  // namespace xgrad::detail
