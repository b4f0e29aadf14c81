#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "xgrad/core/launch.hpp"
#include "xgrad/core/profile.hpp"

namespace xgrad {

/// What a profile has heard. Times are nanoseconds of the steady clock.
struct Profile::Record {
  /// Of runs of kernels, or of calls of one op.
  struct Sum {
    std::int64_t calls = 0, time = 0;
    detail::Work work = {};

    void add(std::int64_t duration, const detail::Work& w) {
      time += duration;
      work.bytes += w.bytes;
      work.flops += w.flops;
    }
    void add(const Sum& s) {
      calls += s.calls;
      add(s.time, s.work);
    }
  };
  struct KernelEvent {
    const detail::Kernel* kernel;
    detail::Work work;
    std::int64_t n, begin, end;
  };
  struct OpEvent {
    std::size_t name;  ///< in names
    detail::Work work;
    std::int64_t begin, end;
    std::size_t first_type, inputs, outputs;  ///< in types
    std::vector<Attribute> attributes;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  explicit Record(std::size_t most);

  static std::int64_t now();

  /// The number of a name. Names are kept as text: an op of the user's may die, and another take its place.
  std::size_t number_of(std::string_view name);
  void hear(const detail::Kernel& kernel, detail::Work work, std::int64_t n, std::int64_t begin,
            std::int64_t end) noexcept;
  void hear(const detail::Heard& call) noexcept;
  /// Kernels that no op has claimed.
  Sum unclaimed() const;

  std::int64_t begin, end = 0;  ///< end: 0 while it runs
  std::int64_t thread;          ///< the system's number of it
  Sum all;                      ///< runs of kernels
  std::vector<const std::string*> names;
  std::vector<Sum> ops;  ///< by the number of the name
  std::unordered_map<const detail::Kernel*, Sum> kernels;

  std::vector<OpEvent> op_events;
  std::vector<KernelEvent> kernel_events;
  std::vector<detail::TensorType> types;
  std::int64_t forgotten = 0;  ///< events of which only the sums were kept
  std::int64_t lost = 0;       ///< what was heard without memory to count it

 private:
  /// Keeps an event, if there is room and memory for one more.
  template <class F>
  void keep(F event) noexcept;

  std::size_t most_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> numbers_;
  Sum pending_;  ///< runs since the last op
  std::int64_t pending_begin_ = 0;
  Sum no_op_;
};

}  // namespace xgrad
