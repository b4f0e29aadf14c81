#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "exchange.hpp"
#include "reductions.hpp"

namespace xgrad::parallel::detail {

/// The elements of a tensor as bytes.
std::span<const std::byte> bytes_of(const Tensor& x);
/// The same to be written to. Throws Error as copy_ does where they may not.
std::span<std::byte> writable_bytes_of(Tensor& x);
/// The same elements, without a gradient, so that they may be written to when recording is on again. Throws
/// Error where they may not be now.
Tensor to_write(Tensor x);

/// Elements [first, first + count) of n that belong to one rank.
struct Share {
  std::int64_t first, count;
};
Share share_of(std::int64_t n, int rank, int size);

/// One exchange and nothing else: what gather, barrier and messages are.
class Once : public Operation {
 public:
  Once(std::shared_ptr<Channel> channel, const Signature& signature, int tag)
      : Operation(std::move(channel), signature), exchange(this->channel(), signature, tag) {}

  Exchange exchange;
  std::vector<Tensor> kept = {};  ///< whose elements are on their way

 private:
  bool advance() override { return exchange.advance(); }
  std::vector<int> awaited() const override { return exchange.awaited(); }
};

/// From one rank to all, along a tree of log2(size) floors: rank r, counted from the root, receives from r
/// without its highest bit.
class Broadcast : public Operation {
 public:
  Broadcast(std::shared_ptr<Channel> channel, Tensor x, int root, int tag);

 private:
  bool advance() override;
  std::vector<int> awaited() const override { return from_parent_.awaited(); }

  Tensor x_;
  int root_;
  Exchange from_parent_, to_children_;
  bool sent_ = false;
};

/// Every rank reduces its own share of all elements, in the order of the ranks, and gives the result to the
/// others: 2 (size - 1) / size of the bytes leave a rank, as in a ring, in two rounds. Few elements are sent
/// to all at once, and each rank reduces them by itself.
class AllReduce : public Operation {
 public:
  /// With `result` it is a reduce_scatter: the own share goes there, and not to the others.
  AllReduce(std::shared_ptr<Channel> channel, const Signature& signature, Tensor x, Tensor result,
            Reduce reduce, int tag);

 private:
  bool advance() override;
  std::vector<int> awaited() const override;

  void begin();
  void reduce_share();
  void begin_sharing();
  Share share(int rank) const;
  std::span<const std::byte> part(const Share& share) const;

  Tensor x_, result_;
  Reduce reduce_;
  bool at_once_;  ///< every share is all of it
  Tensor came_;   ///< bytes, in memory that is used again
  Exchange first_, second_;
  bool reduced_ = false;
};

}  // namespace xgrad::parallel::detail
