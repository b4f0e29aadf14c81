#include <chrono>
#include <map>
#include <ostream>

#include "program/replay.hpp"
#include "program/table.hpp"

namespace xgrad {

std::vector<Replay::Run> Replay::runs() const {
  std::vector<Run> all;
  for (const detail::PlannedRun& r : impl_->plan->runs) all.push_back({r.kernel->name, r.n, r.work.bytes});
  return all;
}

std::vector<Replay::Run> Replay::profile(int steps) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < impl_->options.most_recordings && !is_planned(); ++i, --steps) (*this)();
  std::vector<Run> all = runs();
  for (int i = 0; i < steps; ++i) {
    detail::check_leaves(*impl_->plan);
    std::size_t k = 0;
    for (const detail::PlannedRun& r : impl_->plan->runs) {
      const auto begin = Clock::now();
      detail::run_blocks(r.n, r.size, r.f, r.call);
      all[k++].seconds += std::chrono::duration<double>(Clock::now() - begin).count() / steps;
    }
    for (detail::Buffer* b : impl_->plan->written) ++b->version;
  }
  return all;
}

std::int64_t Replay::arena_bytes() const { return impl_->plan->arena.bytes(); }
std::int64_t Replay::value_bytes() const { return impl_->plan->arena.value_bytes(); }

std::string Replay::str() const {
  detail::TextTable table(1, {"run", "extent", "bytes"});
  for (const Run& r : runs()) table.add({r.name, std::to_string(r.extent), std::to_string(r.bytes)});
  return std::string(is_planned() ? "" : "Not planned yet: the next steps are recorded too.\n") +
         std::to_string(runs().size()) + " runs; the values take " + std::to_string(arena_bytes()) +
         " bytes, one beside the other " + std::to_string(value_bytes()) + "\n\n" + table.str();
}

std::ostream& operator<<(std::ostream& out, const Replay& replay) { return out << replay.str(); }

}  // namespace xgrad
