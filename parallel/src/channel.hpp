#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine.hpp"
#include "signature.hpp"

namespace xgrad::parallel::detail {

using Clock = std::chrono::steady_clock;

/// What is behind a Communicator: the engine, and what is known of the calls so far.
struct Channel {
  explicit Channel(std::shared_ptr<Engine> its_engine)
      : engine(std::move(its_engine)), waited(static_cast<std::size_t>(engine->size())) {}

  std::shared_ptr<Engine> engine;
  double time_limit = 300;
  std::uint64_t calls = 0;     ///< that all ranks make in the same order
  std::vector<double> waited;  ///< for each rank, in seconds
  std::string failure = {};    ///< of a call before; every other call throws it again

  int rank() const { return engine->rank(); }
  int size() const { return engine->size(); }
  /// Throws Error where a call has failed before.
  void check_usable() const;
  /// Notes the failure and throws it.
  [[noreturn]] void fail(const std::string& message);
};

// Tags: four for each call of all ranks, two for each tag of a message between two. MPI promises 32767.
inline constexpr int tags_of_call = 4;
inline constexpr std::uint64_t call_tags = 8000;
inline int tag_of_call(std::uint64_t call) { return static_cast<int>(call % call_tags) * tags_of_call; }
inline int tag_of_message(int tag) { return static_cast<int>(call_tags) * tags_of_call + 2 * tag; }

/// A call that goes on.
class Operation {
 public:
  Operation(std::shared_ptr<Channel> channel, const Signature& signature)
      : channel_(std::move(channel)), signature_(signature) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  bool test();
  void wait();

 protected:
  /// Moves on as far as it goes without waiting; true when all is done.
  virtual bool advance() = 0;
  /// The ranks of which something is still to come.
  virtual std::vector<int> awaited() const = 0;

  Channel& channel() const { return *channel_; }
  const std::shared_ptr<Channel>& shared_channel() const { return channel_; }
  const Signature& signature() const { return signature_; }

 private:
  void charge(std::vector<int>& missing, Clock::time_point& since);
  [[noreturn]] void time_out();

  std::shared_ptr<Channel> channel_;
  Signature signature_;
  bool done_ = false;
};

}  // namespace xgrad::parallel::detail
