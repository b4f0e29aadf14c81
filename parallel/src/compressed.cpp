#include "compressed.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "half.hpp"

namespace xgrad::parallel::detail {

namespace {

template <class T>
std::span<T> elements(const Tensor& x) {
  Tensor handle = x;
  return handle.mutable_data<T>();
}

}  // namespace

std::shared_ptr<Operation> start_compressed(const std::shared_ptr<Channel>& channel, const Tensor& values,
                                            const Tensor& residual, const CompressionOptions& options,
                                            std::uint64_t call) {
  channel->check_usable();
  // Behind the reductions, so that ranks with another compression see that.
  Signature s = signature_of(CallKind::all_reduce, values, 8 * static_cast<std::uint32_t>(options.kind));
  if (options.kind != Compression::top_k)
    return std::make_shared<HalfReduce>(channel, s, values, residual, options.kind == Compression::bfloat16,
                                        tag_of_call(call));
  const auto wanted =
      static_cast<std::int64_t>(std::ceil(options.share * static_cast<double>(values.numel())));
  const std::int64_t count = std::clamp<std::int64_t>(wanted, 1, values.numel());
  s.sizes[Signature::shown_axes - 1] = count;
  return std::make_shared<TopK>(channel, s, values, residual, count, tag_of_call(call));
}

HalfReduce::HalfReduce(std::shared_ptr<Channel> channel, const Signature& signature, Tensor values,
                       Tensor residual, bool is_bfloat, int tag)
    : Operation(std::move(channel), signature),
      values_(std::move(values)),
      residual_(std::move(residual)),
      is_bfloat_(is_bfloat),
      own_(static_cast<std::size_t>(values_.numel())),
      sums_(own_.size()),
      first_(this->channel(), signature, tag),
      second_(this->channel(), signature, tag + 2) {
  values_.dtype() == float32 ? encode<float>() : encode<double>();
  exchange_first();
}

std::uint16_t HalfReduce::pack(float v) const { return is_bfloat_ ? to_bfloat16(v) : to_float16(v); }
float HalfReduce::unpack(std::uint16_t h) const { return is_bfloat_ ? from_bfloat16(h) : from_float16(h); }

template <class T>
void HalfReduce::encode() {
  const std::span<T> values = elements<T>(values_), rest = elements<T>(residual_);
  for (std::size_t i = 0; i < own_.size(); ++i) {
    const T wanted = values[i] + rest[i];
    own_[i] = pack(static_cast<float>(wanted));
    rest[i] = wanted - static_cast<T>(unpack(own_[i]));
  }
}

void HalfReduce::exchange_first() {
  const int size = channel().size(), own = channel().rank();
  const auto count = static_cast<std::size_t>(share(own).count);
  came_.resize(count * static_cast<std::size_t>(size - 1));
  std::size_t slot = 0;
  for (int r = 0; r < size; ++r)
    if (r != own) first_.receive(r, std::as_writable_bytes(std::span(came_).subspan(count * slot++, count)));
  for (int k = 1; k < size; ++k) {
    const int r = (own + k) % size;
    const Share s = share(r);
    const auto part =
        std::span(own_).subspan(static_cast<std::size_t>(s.first), static_cast<std::size_t>(s.count));
    first_.send(r, std::as_bytes(part));
  }
}

bool HalfReduce::advance() {
  if (!summed_) {
    if (!first_.advance()) return false;
    values_.dtype() == float32 ? sum_share<float>() : sum_share<double>();
    exchange_second();
    summed_ = true;
  }
  if (!second_.advance()) return false;
  if (!std::exchange(done_, true)) values_.dtype() == float32 ? decode<float>() : decode<double>();
  return true;
}

template <class T>
void HalfReduce::sum_share() {
  const int size = channel().size(), own = channel().rank();
  const Share mine = share(own);
  const std::span<T> rest = elements<T>(residual_);
  for (std::int64_t i = 0; i < mine.count; ++i) {
    const auto at = static_cast<std::size_t>(mine.first + i);
    float sum = 0;
    std::size_t slot = 0;
    for (int r = 0; r < size; ++r)
      sum += unpack(r == own
                        ? own_[at]
                        : came_[slot++ * static_cast<std::size_t>(mine.count) + static_cast<std::size_t>(i)]);
    sums_[at] = pack(sum);
    rest[at] += static_cast<T>(sum) - static_cast<T>(unpack(sums_[at]));
  }
}

void HalfReduce::exchange_second() {
  const int size = channel().size(), own = channel().rank();
  const auto part = [&](int r) {
    const Share s = share(r);
    return std::span(sums_).subspan(static_cast<std::size_t>(s.first), static_cast<std::size_t>(s.count));
  };
  for (int r = 0; r < size; ++r)
    if (r != own) second_.receive(r, std::as_writable_bytes(part(r)));
  for (int k = 1; k < size; ++k) second_.send((own + k) % size, std::as_bytes(part(own)));
}

template <class T>
void HalfReduce::decode() {
  const std::span<T> values = elements<T>(values_);
  for (std::size_t i = 0; i < sums_.size(); ++i) values[i] = static_cast<T>(unpack(sums_[i]));
}

TopK::TopK(std::shared_ptr<Channel> channel, const Signature& signature, Tensor values, Tensor residual,
           std::int64_t count, int tag)
    : Operation(std::move(channel), signature),
      values_(std::move(values)),
      residual_(std::move(residual)),
      count_(static_cast<std::size_t>(count)),
      exchange_(this->channel(), signature, tag) {
  const int size = this->channel().size(), own = this->channel().rank();
  picks_.resize(count_ * static_cast<std::size_t>(size));
  values_.dtype() == float32 ? pick<float>() : pick<double>();
  const auto of = [&](int r) {
    return std::span(picks_).subspan(count_ * static_cast<std::size_t>(r), count_);
  };
  for (int r = 0; r < size; ++r)
    if (r != own) exchange_.receive(r, std::as_writable_bytes(of(r)));
  for (int k = 1; k < size; ++k) exchange_.send((own + k) % size, std::as_bytes(of(own)));
}

/// The largest of values + residual; what is left is the residual. Of equal ones the first are taken.
template <class T>
void TopK::pick() {
  const std::span<T> values = elements<T>(values_), rest = elements<T>(residual_);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] += values[i];
  std::vector<std::int64_t> places(rest.size());
  std::iota(places.begin(), places.end(), 0);
  const auto size_at = [&](std::int64_t i) {
    const T v = std::abs(rest[static_cast<std::size_t>(i)]);
    return std::isnan(v) ? static_cast<T>(INFINITY) : v;
  };
  const auto before = [&](std::int64_t i, std::int64_t j) {
    return size_at(i) != size_at(j) ? size_at(i) > size_at(j) : i < j;
  };
  std::nth_element(places.begin(), places.begin() + static_cast<std::int64_t>(count_ - 1), places.end(),
                   before);
  std::sort(places.begin(), places.begin() + static_cast<std::int64_t>(count_));
  const std::size_t start = count_ * static_cast<std::size_t>(channel().rank());
  for (std::size_t k = 0; k < count_; ++k) {
    T& v = rest[static_cast<std::size_t>(places[k])];
    picks_[start + k] = {places[k], static_cast<double>(v)};
    v = 0;
  }
}

bool TopK::advance() {
  if (!exchange_.advance()) return false;
  values_.dtype() == float32 ? add_all<float>() : add_all<double>();
  return true;
}

template <class T>
void TopK::add_all() {
  const std::span<T> values = elements<T>(values_);
  std::ranges::fill(values, T(0));
  for (const auto& [place, value] : picks_) values[static_cast<std::size_t>(place)] += static_cast<T>(value);
}

}  // namespace xgrad::parallel::detail
