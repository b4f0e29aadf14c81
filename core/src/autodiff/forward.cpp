#include "autodiff/forward.hpp"

#include <algorithm>
#include <atomic>

#include "autodiff/push.hpp"
#include "autodiff/push_wide.hpp"
#include "ops/support/promote.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {
namespace {

std::uint64_t new_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

std::span<const Ref> all_inputs(const Heard& call) {
  return {call.inputs.data(), call.inputs.size() + call.scratch.size()};
}

}  // namespace

ForwardPass::ForwardPass(std::size_t directions) : ForwardPass(directions, 0, true) {}

ForwardPass::ForwardPass(std::size_t tangents, std::int64_t wide, bool records)
    : Listener(true),
      id_(new_id()),
      directions_(tangents),
      wide_(wide),
      records_(records),
      ring_(std::make_unique<RingLink>()) {}

ForwardPass::~ForwardPass() {
  while (ring_->behind != ring_.get()) {
    auto* t = static_cast<Tangents*>(ring_->behind);
    t->leave();
    const Along along = std::move(t->along);  // dies with t's tensor out of the ring
  }
}

const ForwardPass::Along* ForwardPass::found(const Tensor& x) const {
  const Extra* extra = x.node()->extra;
  if (!extra) return nullptr;
  for (const auto& t : extra->tangents)
    if (t->pass == id_) return &t->along;
  return nullptr;
}

void ForwardPass::start(const Tensor& x, Along along) const {
  auto tangents = std::make_unique<Tangents>();
  tangents->pass = id_;
  tangents->along = std::move(along);
  tangents->enter(*ring_);
  extra_of(x.node()).tangents.push_back(std::move(tangents));
}

ForwardPass::Along ForwardPass::tangents(const Tensor& y) const {
  const Along* there = found(y);
  Along along = there ? *there : Along(directions_);
  for (Tensor& t : along)
    if (!t.defined()) t = zeros_of(with_directions(y.shape()), y.dtype());
  return along;
}

Shape ForwardPass::with_directions(Shape shape) const {
  if (wide_ > 0) shape.insert(0, wide_);
  return shape;
}

void ForwardPass::hear(const Heard& call) {
  const std::span<const Ref> inputs = all_inputs(call);
  const auto has_one = [&](Ref x) { return x.tensor->defined() && found(*x.tensor); };
  if (std::none_of(inputs.begin(), inputs.end(), has_one)) return;
  const RecordingGuard guard(records_ && is_recording());
  std::vector<Along> result(call.outputs.size());
  std::vector<Tensor> tangents(inputs.size());
  for (std::size_t k = 0; k < directions_; ++k) {
    bool any = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Along* along = has_one(inputs[i]) ? found(*inputs[i].tensor) : nullptr;
      tangents[i] = along ? (*along)[k] : Tensor();
      any |= tangents[i].defined();
    }
    if (!any) continue;
    std::vector<Tensor> pushed = wide_ > 0 ? push_wide(call, tangents, wide_) : push(call, tangents);
    for (std::size_t j = 0; j < pushed.size(); ++j) {
      if (!pushed[j].defined()) continue;
      result[j].resize(directions_);
      result[j][k] = std::move(pushed[j]);
    }
  }
  for (std::size_t j = 0; j < result.size(); ++j)
    if (!result[j].empty()) start(call.outputs[j], std::move(result[j]));
}

void ForwardPass::hear_write(const char* op, const Tensor& x) {
  if (found(x))
    fail(op, "the tensor has a tangent, which a write would leave behind: it is " + x.describe() +
                 "; compute a new tensor instead, or write into a detach()");
}

}  // namespace xgrad::detail
