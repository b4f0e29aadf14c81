#include "channel.hpp"

#include <algorithm>
#include <thread>

#include "xgrad/core/error.hpp"

namespace xgrad::parallel::detail {

namespace {

/// Lets others have the core, since there may be more ranks than cores: at first at once, and where the wait
/// is a long one, by sleeping now and then. Not each time: MPI moves some ten thousand bytes on in a call,
/// and no more.
void rest(int turn, double waited) {
  if (waited > 0.01 && turn % 16 == 0)
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  else
    std::this_thread::yield();
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string list_of(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i) text += (i ? ", " : "") + std::to_string(ranks[i]);
  return text;
}

}  // namespace

void Channel::check_usable() const {
  if (!failure.empty()) throw Error(failure);
}

void Channel::fail(const std::string& message) {
  failure = message;
  throw Error(message);
}

bool Operation::test() {
  if (done_) return true;
  channel_->check_usable();
  channel_->engine->check_others();
  return done_ = advance();
}

void Operation::wait() {
  if (test()) return;
  const Clock::time_point start = Clock::now();
  Clock::time_point since = start;
  std::vector<int> missing = awaited();
  for (int turn = 0; !test(); ++turn) {
    charge(missing, since);
    const double waited = seconds_since(start);
    if (waited > channel_->time_limit) time_out();
    rest(turn, waited);
  }
  charge(missing, since);
}

/// The time since the last arrival is that of whoever has arrived now.
void Operation::charge(std::vector<int>& missing, Clock::time_point& since) {
  const std::vector<int> now = done_ ? std::vector<int>() : awaited();
  if (now.size() == missing.size() || missing.empty()) return;
  std::vector<int> arrived;
  std::ranges::set_difference(missing, now, std::back_inserter(arrived));
  const Clock::time_point at = Clock::now();
  const double each = std::chrono::duration<double>(at - since).count() / static_cast<double>(arrived.size());
  for (const int r : arrived) channel_->waited[static_cast<std::size_t>(r)] += each;
  missing = now, since = at;
}

void Operation::time_out() {
  char limit[32];
  std::snprintf(limit, sizeof limit, "%g", channel_->time_limit);
  const std::vector<int> missing = awaited();
  channel_->fail("Communicator: " + (missing.empty() ? "the other ranks" : list_of(missing)) +
                 " did not come to " + signature_.describe() + " within " + limit + " s: this is rank " +
                 std::to_string(channel_->rank()) + " of " + std::to_string(channel_->size()) +
                 "; look for the error of the missing rank, or allow more by set_time_limit()");
}

}  // namespace xgrad::parallel::detail
