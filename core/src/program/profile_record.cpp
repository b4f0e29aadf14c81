#include "program/profile_record.hpp"

#include <unistd.h>

#include <chrono>

namespace xgrad {

using detail::Kernel;
using detail::Work;

std::int64_t Profile::Record::now() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Profile::Record::Record(std::size_t most) : begin(now()), thread(gettid()), most_(most) {}

std::size_t Profile::Record::number_of(std::string_view name) {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  names.reserve(names.size() + 1);
  ops.reserve(ops.size() + 1);
  const auto added = numbers_.emplace(name, names.size()).first;
  names.push_back(&added->first);
  ops.emplace_back();
  return added->second;
}

template <class F>
void Profile::Record::keep(F event) noexcept {
  try {
    if (op_events.size() + kernel_events.size() < most_) return event();
  } catch (...) {
    most_ = 0;  // the sums need little memory, and go on
  }
  ++forgotten;
}

void Profile::Record::hear(const Kernel& kernel, Work work, std::int64_t n, std::int64_t from,
                           std::int64_t to) noexcept {
  const Sum run = {1, to - from, work};
  all.add(run);
  if (!kernel.owner) {
    if (pending_.calls == 0) pending_begin_ = from;
    pending_.add(run);
  }
  try {
    if (kernel.owner) ops[number_of(kernel.owner)].add(run);
    kernels[&kernel].add(run);
  } catch (...) {
    ++lost;
    return;
  }
  keep([&] { kernel_events.push_back({&kernel, work, n, from, to}); });
  if (kernel.owner)
    keep([&] { op_events.push_back({number_of(kernel.owner), work, from, to, types.size(), 0, 0, {}}); });
}

void Profile::Record::hear(const detail::Heard& call) noexcept {
  const std::int64_t to = now(), from = pending_.calls > 0 ? pending_begin_ : to;
  const Sum claimed = {1, pending_.time, pending_.work};
  std::size_t number;
  try {
    number = number_of(call.op.name);
  } catch (...) {
    ++lost;
    no_op_.add(std::exchange(pending_, {}));
    return;
  }
  pending_ = {};
  ops[number].add(claimed);
  keep([&] {
    OpEvent event = {number, claimed.work, from, to, types.size(), call.inputs.size(), call.outputs.size(),
                     {}};
    if (call.op.fields) event.attributes = call.op.fields->list(call.attributes.get());
    for (const detail::Ref& x : call.inputs) types.push_back({x.tensor->shape(), x.tensor->dtype()});
    for (const Tensor& y : call.outputs) types.push_back({y.shape(), y.dtype()});
    op_events.push_back(std::move(event));
  });
}

Profile::Record::Sum Profile::Record::unclaimed() const {
  Sum sum = no_op_;
  sum.add(pending_);
  return sum;
}

}  // namespace xgrad
