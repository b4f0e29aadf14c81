#include "operations.hpp"

#include <algorithm>
#include <bit>

#include "xgrad/core/creation.hpp"

namespace xgrad::parallel::detail {

namespace {

constexpr std::size_t few_bytes = 4096;

}  // namespace

std::span<const std::byte> bytes_of(const Tensor& x) {
  const auto n = static_cast<std::size_t>(x.numel());
  switch (x.dtype()) {
    case float32:
      return std::as_bytes(std::span(x.data<float>()));
    case float64:
      return std::as_bytes(std::span(x.data<double>()));
    case int64:
      return std::as_bytes(std::span(x.data<std::int64_t>()));
    default:
      return {reinterpret_cast<const std::byte*>(x.data<bool>().data()), n};
  }
}

std::span<std::byte> writable_bytes_of(Tensor& x) {
  switch (x.dtype()) {
    case float32:
      return std::as_writable_bytes(x.mutable_data<float>());
    case float64:
      return std::as_writable_bytes(x.mutable_data<double>());
    case int64:
      return std::as_writable_bytes(x.mutable_data<std::int64_t>());
    default:
      return std::as_writable_bytes(x.mutable_data<bool>());
  }
}

Tensor to_write(Tensor x) {
  writable_bytes_of(x);
  return x.detach();
}

Share share_of(std::int64_t n, int rank, int size) {
  const std::int64_t each = n / size, rest = n % size;
  return {each * rank + std::min<std::int64_t>(rank, rest), each + (rank < rest)};
}

Broadcast::Broadcast(std::shared_ptr<Channel> channel, Tensor x, int root, int tag)
    : Operation(std::move(channel), signature_of(CallKind::broadcast, x, static_cast<std::uint32_t>(root))),
      x_(to_write(std::move(x))),
      root_(root),
      from_parent_(this->channel(), signature(), tag),
      to_children_(this->channel(), signature(), tag) {
  const int size = this->channel().size(), place = (this->channel().rank() - root + size) % size;
  const std::span<std::byte> bytes = writable_bytes_of(x_);
  if (place == 0) return;
  const int parent = place ^ static_cast<int>(std::bit_floor(static_cast<unsigned>(place)));
  from_parent_.receive((parent + root) % size, bytes);
}

bool Broadcast::advance() {
  if (!from_parent_.advance()) return false;
  if (!sent_) {
    const int size = channel().size(), place = (channel().rank() - root_ + size) % size;
    for (int bit = 1; place + bit < size; bit *= 2)
      if (bit > place) to_children_.send((place + bit + root_) % size, bytes_of(x_));
    sent_ = true;
  }
  return to_children_.advance();
}

AllReduce::AllReduce(std::shared_ptr<Channel> channel, const Signature& signature, Tensor x, Tensor result,
                     Reduce reduce, int tag)
    : Operation(std::move(channel), signature),
      x_(result.defined() ? std::move(x) : to_write(std::move(x))),
      result_(result.defined() ? to_write(std::move(result)) : std::move(result)),
      reduce_(reduce),
      at_once_(!result_.defined() && bytes_of(x_).size() <= few_bytes),
      first_(this->channel(), signature, tag),
      second_(this->channel(), signature, tag + 2) {
  begin();
}

Share AllReduce::share(int rank) const {
  return at_once_ ? Share{0, x_.numel()} : share_of(x_.numel(), rank, channel().size());
}

std::span<const std::byte> AllReduce::part(const Share& s) const {
  const auto width = static_cast<std::size_t>(size_of(x_.dtype()));
  return bytes_of(x_).subspan(static_cast<std::size_t>(s.first) * width,
                              static_cast<std::size_t>(s.count) * width);
}

void AllReduce::begin() {
  const int size = channel().size(), own = channel().rank();
  const std::size_t bytes = part(share(own)).size();
  came_ = empty({static_cast<std::int64_t>(bytes) * (size - 1)}, {.dtype = boolean});
  const std::span<std::byte> came = writable_bytes_of(came_);
  std::size_t slot = 0;
  for (int r = 0; r < size; ++r)
    if (r != own) first_.receive(r, came.subspan(bytes * slot++, bytes));
  for (int k = 1; k < size; ++k) {  // each rank begins with another one
    const int r = (own + k) % size;
    first_.send(r, part(share(r)));
  }
}

bool AllReduce::advance() {
  if (!reduced_) {
    if (!first_.advance()) return false;  // also of what was sent, which is written to from now on
    reduce_share();
    reduced_ = true;
    if (!at_once_ && !result_.defined()) begin_sharing();
  }
  return second_.advance();
}

void AllReduce::reduce_share() {
  const int size = channel().size(), own = channel().rank();
  const Share mine = share(own);
  const std::span<const std::byte> bytes = part(mine);
  std::vector<const std::byte*> parts;
  std::size_t slot = 0;
  for (int r = 0; r < size; ++r)
    parts.push_back(r == own ? bytes.data() : bytes_of(came_).data() + bytes.size() * slot++);
  std::byte* to = result_.defined() ? writable_bytes_of(result_).data()
                                    : writable_bytes_of(x_).data() + (bytes.data() - bytes_of(x_).data());
  reduce_parts(parts, to, mine.count, x_.dtype(), reduce_);
}

void AllReduce::begin_sharing() {
  const int size = channel().size(), own = channel().rank();
  const std::span<std::byte> all = writable_bytes_of(x_);
  for (int r = 0; r < size; ++r) {
    if (r == own) continue;
    const std::span<const std::byte> bytes = part(share(r));
    second_.receive(r, all.subspan(static_cast<std::size_t>(bytes.data() - all.data()), bytes.size()));
  }
  for (int k = 1; k < size; ++k) second_.send((own + k) % size, part(share(own)));
}

std::vector<int> AllReduce::awaited() const { return reduced_ ? second_.awaited() : first_.awaited(); }

}  // namespace xgrad::parallel::detail
