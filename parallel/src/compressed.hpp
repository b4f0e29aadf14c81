#pragma once

#include "operations.hpp"
#include "xgrad/parallel/compression.hpp"

namespace xgrad::parallel::detail {

/// values = the sum of values + residual over the ranks, of what travels of them; residual = what does not.
/// Both are vectors of one floating dtype.
std::shared_ptr<Operation> start_compressed(const std::shared_ptr<Channel>& channel, const Tensor& values,
                                            const Tensor& residual, const CompressionOptions& options,
                                            std::uint64_t call);

/// All of values in 16 bits, in two rounds like AllReduce: each rank sums its share as float32 in the order
/// of the ranks, and what the sum loses on its way back goes to that rank's residual.
class HalfReduce : public Operation {
 public:
  HalfReduce(std::shared_ptr<Channel> channel, const Signature& signature, Tensor values, Tensor residual,
             bool is_bfloat, int tag);

 private:
  bool advance() override;
  std::vector<int> awaited() const override { return summed_ ? second_.awaited() : first_.awaited(); }

  template <class T>
  void encode();
  template <class T>
  void sum_share();
  template <class T>
  void decode();
  std::uint16_t pack(float v) const;
  float unpack(std::uint16_t h) const;
  void exchange_first();
  void exchange_second();
  Share share(int rank) const { return share_of(values_.numel(), rank, channel().size()); }

  Tensor values_, residual_;
  bool is_bfloat_;
  std::vector<std::uint16_t> own_, came_, sums_;
  Exchange first_, second_;
  bool summed_ = false, done_ = false;
};

/// The largest elements of values and their places, from each rank to all; each sums them in the order of the
/// ranks.
class TopK : public Operation {
 public:
  TopK(std::shared_ptr<Channel> channel, const Signature& signature, Tensor values, Tensor residual,
       std::int64_t count, int tag);

 private:
  struct Pick {
    std::int64_t place;
    double value;
  };

  bool advance() override;
  std::vector<int> awaited() const override { return exchange_.awaited(); }
  template <class T>
  void pick();
  template <class T>
  void add_all();

  Tensor values_, residual_;
  std::size_t count_;
  std::vector<Pick> picks_;  ///< of all ranks, in their order
  Exchange exchange_;
};

}  // namespace xgrad::parallel::detail
