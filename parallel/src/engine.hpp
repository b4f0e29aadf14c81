#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace xgrad::parallel::detail {

/// Bytes on their way to or from one rank.
class Transfer {
 public:
  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  virtual ~Transfer() = default;

  /// Moves on; true when the bytes of a send may be written to again, or those of a receive are there.
  virtual bool is_done() = 0;
  /// Of a receive that is done: how many bytes have come.
  virtual std::size_t received() const { return 0; }
};

/// What carries bytes between ranks: all that an engine has to know. Messages of one tag arrive in the order
/// in which they were sent.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual const char* name() const = 0;

  virtual std::unique_ptr<Transfer> send(int to, int tag, std::span<const std::byte> bytes) = 0;
  /// The next message of this tag, which must not be longer than `bytes`.
  virtual std::unique_ptr<Transfer> receive(int from, int tag, std::span<std::byte> bytes) = 0;

  /// The same ranks, whose messages do not meet those of this one.
  virtual std::shared_ptr<Engine> duplicate(double time_limit) = 0;
  /// Throws Error where another rank is known to have failed.
  virtual void check_others() {}
  /// Throws Error where only one thread may use it.
  virtual void check_threads() const {}
};

}  // namespace xgrad::parallel::detail
