#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "channel.hpp"

namespace xgrad::parallel::detail {

/// Messages to some ranks and from some, each behind the signature of the call: few bytes travel in one
/// message with it, more in a second one, which is received when the signature is known to be the same.
class Exchange {
 public:
  Exchange(Channel& channel, const Signature& signature, int tag)
      : channel_(channel), signature_(signature), tag_(tag) {}

  void send(int to, std::span<const std::byte> bytes);
  void receive(int from, std::span<std::byte> bytes);
  /// True when all has been sent and has come. Throws Error where another rank makes another call.
  bool advance();
  /// The ranks of which something is still to come.
  std::vector<int> awaited() const;

 private:
  static constexpr std::size_t most_in_one = 4096;

  using First = std::array<std::byte, sizeof(Signature) + most_in_one>;
  struct Incoming {
    int from;
    std::span<std::byte> bytes;
    std::unique_ptr<First> first;
    std::unique_ptr<Transfer> transfer;
    bool in_second = false, done = false;
  };

  bool take(Incoming& incoming);
  void check_same(const Incoming& incoming);

  Channel& channel_;
  Signature signature_;
  int tag_;
  std::vector<std::unique_ptr<First>> kept_;
  std::vector<std::unique_ptr<Transfer>> sends_;
  std::vector<Incoming> receives_;
};

}  // namespace xgrad::parallel::detail
