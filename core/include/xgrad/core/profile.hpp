#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace xgrad {

/// What a Profile keeps.
struct ProfileOptions {
  /// Calls of ops and runs of kernels of which each is remembered, for write_trace; of more, only the sums
  /// are. A million takes some 200 MB.
  std::size_t most_events = 1'000'000;
};

/// Where the time goes: hears the ops and the kernels of this thread from its making to its end, or to
/// `stop`, which must come on the same thread. It may be read while it runs, on that thread. Profiles nest,
/// and change no result.
///
///     Profile profile;
///     train(model);
///     std::cout << profile;
///     profile.write_trace("trace.json");  // for chrome://tracing or https://ui.perfetto.dev
///
/// A kernel belongs to the next op that is heard, which is the one that called it, unless it says that it
/// works for another; kernels that no op claims are those of "(no op)". What a kernel computes on several
/// threads is one run, with the time that the caller waited for it.
class Profile {
 public:
  explicit Profile(ProfileOptions options = {});
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  ~Profile();

  /// Nothing is heard from now on.
  void stop();

  /// What all calls of one name took together.
  struct Row {
    std::string name;
    std::int64_t calls = 0;
    double seconds = 0;      ///< in kernels
    std::int64_t bytes = 0;  ///< read and written, as far as the kernels say; 0 where none does
    std::int64_t flops = 0;  ///< multiplications and additions of products; 0 where there are none
  };
  /// A row for each op, the one that took longest first.
  std::vector<Row> ops() const;
  /// The same for each kernel.
  std::vector<Row> kernels() const;

  /// From its making to `stop`, or to now.
  double seconds() const;
  /// How much of that was spent in kernels; the rest is the library's bookkeeping and the user's own code.
  double kernel_seconds() const;

  /// Both tables, with each row's share of the time in kernels in per cent, GB/s where the bytes are known
  /// and GFLOP/s where the operations are.
  std::string str() const;

  /// Writes what was heard, on a line of time, as a trace in Chrome's JSON format. The file is there whole or
  /// not at all. Throws Error with the path and the reason where it cannot be written.
  void write_trace(const std::string& path) const;

 private:
  struct Record;
  class Ear;

  std::unique_ptr<Record> record_;
  std::unique_ptr<Ear> ear_;
};

/// Prints profile.str().
std::ostream& operator<<(std::ostream& out, const Profile& profile);

}  // namespace xgrad
