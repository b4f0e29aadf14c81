#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tensor/arena.hpp"
#include "xgrad/core/host_action.hpp"
#include "xgrad/core/launch.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::detail {

/// What the host does in a plan.
inline constexpr Kernel host_action_kernel = {.name = "host_action", .owner = "replay"},
                        set_gradients_kernel = {.name = "set_gradients", .owner = "replay"};

/// One entry of a plan: a kernel with its closure, or what the host does.
struct PlannedRun {
  void (*call)(const void* f, std::int64_t first, std::int64_t last);
  const void* f;
  std::int64_t n, size;
  const Kernel* kernel;
  Work work;
  std::size_t bytes;  ///< of the closure
};

/// A word of a closure, as two recordings compare it.
struct PlannedWord {
  enum class Kind : std::uint8_t { number, arena, elsewhere } kind;
  std::uint64_t value;  ///< of one in the arena: the block's number in order of its first use, and the place
};

/// The gradient that a leaf has from some place of the plan on, and null.
struct PlannedGradient {
  Tensor leaf, gradient;
};

/// What a step was found to do: kernels in their order, and what must be as it was for them to do it again.
struct Plan {
  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan();

  Arena arena;
  std::vector<PlannedRun> runs;
  std::vector<PlannedWord> words;  ///< of all closures, one after another
  std::deque<std::function<void()>> actions;
  std::deque<std::vector<PlannedGradient>> gradients;
  std::vector<Buffer*> constants;      ///< that the step has made of shapes and numbers alone
  std::vector<Buffer*> held, written;  ///< those that the step found, and whose elements it changes
  struct Leaf {
    Tensor tensor;
    const void* data;
    bool keeps_gradient;   ///< it must have this gradient when the step begins
    const Node* gradient;  ///< or none
  };
  std::vector<Leaf> leaves;
  std::string refused;  ///< why it can't run again; empty where it can

  /// For a look at what it computes: the memory of tensors that the step found, and what kernels had made
  /// before the first of the host's runs.
  struct Range {
    std::byte *begin, *end;
  };
  std::vector<Range> found, made;
  std::vector<std::string> made_bits;  ///< as they were then

  void* room_for(std::size_t bytes);

 private:
  std::vector<std::unique_ptr<std::byte[]>> memory_;
  std::byte* free_ = nullptr;
  std::size_t rest_ = 0;
};

/// Notes what a step does, on the thread that made it and until it is gone.
class Capture {
 public:
  Capture(Plan& plan, bool strict);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  void note(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size, const void* f,
            const Closure& closure);
  void ran();
  void act(std::function<void()> f);
  void read(const char* who, const Tensor& x);
  void hold(const Tensor& x);
  void hold_constant(const Tensor& x);
  void writes(const Tensor& x);
  /// The elements of a result are those that kernels have left.
  void check_result(const char* op, const Tensor& y);
  void rule_out(const std::string& why);

  bool keeps_bits = false;  ///< of what kernels have made, in the plan

  /// What is missing in the plan, when the step is over.
  void finish();

 private:
  /// The gradient of a leaf: as the step found it, and as the plan sets it last.
  struct Seen {
    const Node* before;
    std::uintptr_t place;
    bool is_set;
    Tensor now;
  };
  struct Held {
    std::uintptr_t end;
    Buffer* buffer;
  };
  struct Pending {
    std::uintptr_t address;
    const Kernel* kernel;
  };

  void note_word(const Kernel& kernel, std::uint64_t word);
  void flush_gradients();
  void note_made();
  bool is_held(std::uintptr_t address) const;
  bool is_image(std::uintptr_t address) const;
  void resolve();
  void close_gradients();

  Plan& plan_;
  bool strict_, has_acted_ = false;
  std::map<std::uintptr_t, Held> held_;
  std::vector<Seen> gradients_;  ///< of the plan's leaves
  std::vector<Pending> pending_;
  std::vector<Arena::Block*> touched_;
  std::map<const Arena::Block*, std::uint64_t> numbers_;
  struct Result {
    const Arena::Block* block;
    std::uint64_t turn;
    Plan::Range range;
  };
  std::vector<Result> results_;  ///< of ops
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> images_;
  std::uintptr_t stack_begin_, stack_end_, heap_begin_, heap_end_;
};

/// The calling thread's; null where nothing is noted.
extern constinit thread_local Capture* noting;

/// Nothing is noted until the end of its scope, and memory comes from the thread's lists.
class Uncaptured {
 public:
  Uncaptured() : before_(noting) { noting = nullptr; }
  ~Uncaptured() { noting = before_; }
  Uncaptured(const Uncaptured&) = delete;
  Uncaptured& operator=(const Uncaptured&) = delete;

 private:
  Capture* before_;
  ArenaRests rests_;
  KernelListener::Pause pause_;
};

/// What f makes of shapes and numbers alone: a replay finds it as it is.
template <class F>
Tensor constant_of(const F& f) {
  Capture* const c = noting;
  if (!c) [[likely]]
    return f();
  Tensor y;
  {
    const Uncaptured guard;
    y = f();
  }
  c->hold_constant(y);
  return y;
}

/// A run of a kernel, noted.
class NotedRun {
 public:
  NotedRun(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size, const void* f,
           const Closure& closure) {
    if (noting) noting->note(kernel, work, n, size, f, closure);
  }
  ~NotedRun() {
    if (noting) noting->ran();
  }
  NotedRun(const NotedRun&) = delete;
  NotedRun& operator=(const NotedRun&) = delete;
};

}  // namespace xgrad::detail
