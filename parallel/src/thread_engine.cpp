// Ranks that are threads of one process: messages are copies in boxes that all share.

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/parallel/launch.hpp"

namespace xgrad::parallel {

namespace detail {

namespace {

/// The first rank that has failed, and why: known to all communicators of its group.
struct Failure {
  std::mutex mutex;
  int rank = -1;
  std::string message = {};
  std::exception_ptr thrown = {};

  void set(int its_rank, std::string its_message) {
    const std::lock_guard lock(mutex);
    if (rank >= 0) return;
    rank = its_rank, message = std::move(its_message), thrown = std::current_exception();
  }
  void check(int own) {
    const std::lock_guard lock(mutex);
    if (rank >= 0 && rank != own)
      throw Error("Communicator: rank " + std::to_string(rank) + " has failed: " + message +
                  "; this call needs all ranks");
  }
};

struct Message {
  int tag;
  std::vector<std::byte> bytes;
};

/// What is on the way from one rank to another.
struct Box {
  std::mutex mutex;
  std::deque<Message> messages;
};

/// The ranks of one communicator.
class Group {
 public:
  Group(int size, std::shared_ptr<Failure> failure)
      : failure_(std::move(failure)),
        size_(size),
        boxes_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {}

  int size() const { return size_; }
  const std::shared_ptr<Failure>& failure() const { return failure_; }
  Box& box(int from, int to) {
    return boxes_[static_cast<std::size_t>(from) * static_cast<std::size_t>(size_) +
                  static_cast<std::size_t>(to)];
  }
  /// The number-th duplicate, which is made by the first rank that asks for it.
  std::shared_ptr<Group> duplicate(std::size_t number) {
    const std::lock_guard lock(mutex_);
    while (duplicates_.size() <= number) duplicates_.push_back(std::make_shared<Group>(size_, failure_));
    return duplicates_[number];
  }

 private:
  std::shared_ptr<Failure> failure_;
  int size_;
  std::vector<Box> boxes_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Group>> duplicates_;
};

class Sent : public Transfer {
 public:
  bool is_done() override { return true; }
};

class Receive : public Transfer {
 public:
  Receive(Box& box, int tag, std::span<std::byte> bytes) : box_(box), tag_(tag), bytes_(bytes) {}

  bool is_done() override {
    if (done_) return true;
    const std::lock_guard lock(box_.mutex);
    const auto found = std::ranges::find(box_.messages, tag_, &Message::tag);
    if (found == box_.messages.end()) return false;
    received_ = found->bytes.size();
    std::ranges::copy(std::span(found->bytes).first(std::min(received_, bytes_.size())), bytes_.begin());
    box_.messages.erase(found);
    return done_ = true;
  }
  std::size_t received() const override { return received_; }

 private:
  Box& box_;
  int tag_;
  std::span<std::byte> bytes_;
  std::size_t received_ = 0;
  bool done_ = false;
};

class ThreadEngine : public Engine {
 public:
  ThreadEngine(std::shared_ptr<Group> group, int rank) : group_(std::move(group)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  const char* name() const override { return "threads"; }

  std::unique_ptr<Transfer> send(int to, int tag, std::span<const std::byte> bytes) override {
    Box& box = group_->box(rank_, to);
    Message message{tag, {bytes.begin(), bytes.end()}};
    const std::lock_guard lock(box.mutex);
    box.messages.push_back(std::move(message));
    return std::make_unique<Sent>();
  }
  std::unique_ptr<Transfer> receive(int from, int tag, std::span<std::byte> bytes) override {
    return std::make_unique<Receive>(group_->box(from, rank_), tag, bytes);
  }
  std::shared_ptr<Engine> duplicate(double) override {
    return std::make_shared<ThreadEngine>(group_->duplicate(duplicates_++), rank_);
  }
  void check_others() override { group_->failure()->check(rank_); }

 private:
  std::shared_ptr<Group> group_;
  int rank_;
  std::size_t duplicates_ = 0;
};

}  // namespace

}  // namespace detail

void run_threads(int size, const std::function<void(Communicator)>& f) {
  using namespace detail;
  if (size < 1)
    throw Error("run_threads: the number of ranks must be 1 or more: it is " + std::to_string(size));
  const auto failure = std::make_shared<Failure>();
  const auto group = std::make_shared<Group>(size, failure);
  const auto work = [&](int rank) {
    try {
      f(Communicator(std::make_shared<Channel>(std::make_shared<ThreadEngine>(group, rank))));
    } catch (const std::exception& e) {
      failure->set(rank, e.what());
    } catch (...) {
      failure->set(rank, "an exception that is no std::exception");
    }
  };
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) threads.emplace_back(work, rank);
  threads.clear();
  if (failure->rank < 0) return;
  try {
    std::rethrow_exception(failure->thrown);
  } catch (...) {
    std::throw_with_nested(Error("rank " + std::to_string(failure->rank) + ": " + failure->message));
  }
}

}  // namespace xgrad::parallel
