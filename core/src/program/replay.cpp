#include "xgrad/core/replay.hpp"

#include <chrono>
#include <cstring>
#include <optional>

#include "autodiff/anomaly.hpp"
#include "autodiff/listen.hpp"
#include "program/replay.hpp"
#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad {

using namespace detail;

namespace detail {
namespace {

/// Tells a capture of the ops that run.
struct CaptureEar : Listener, KernelListener {
  CaptureEar() : Listener(false) {}

  void hear(const Heard& call) override {
    if (!noting) return;
    for (Ref x : call.inputs) noting->hold(*x.tensor);
    for (Ref x : call.scratch) noting->hold(*x.tensor);
    for (const Tensor& y : call.outputs) noting->check_result(call.op.name, y);
  }
  void hear_write(const char*, const Tensor& x) override {
    if (noting) noting->writes(x);
  }
  void hear(const Kernel&, Work, std::int64_t, std::int64_t, std::int64_t) noexcept override {}
};

}  // namespace

std::unique_ptr<Plan> record_step(const std::function<void()>& step, bool strict, bool keep_bits) {
  if (noting) fail("capture", "a step is recorded already; leave out the inner capture");
  if (anomaly_mode) fail("capture", "anomaly mode is on, which a replay would not see; switch it off");
  auto plan = std::make_unique<Plan>();
  Capture capture(*plan, strict);
  capture.keeps_bits = keep_bits;
  {
    const CaptureEar ear;
    const BlocksFrom arena(&plan->arena);
    try {
      step();
    } catch (...) {
      capture.rule_out("the step threw");
      capture.finish();
      throw;
    }
    capture.finish();
  }
  return plan;
}

std::string difference(const Plan& a, const Plan& b) {
  const auto name = [](const Plan& plan, std::size_t i) {
    return i < plan.runs.size() ? std::string(plan.runs[i].kernel->name) : std::string("nothing");
  };
  std::size_t word = 0;
  for (std::size_t i = 0; i < std::max(a.runs.size(), b.runs.size()); ++i) {
    if (name(a, i) != name(b, i))
      return "run " + std::to_string(i) + " is " + name(a, i) + ", then " + name(b, i);
    const PlannedRun &p = a.runs[i], &q = b.runs[i];
    const auto differs = [&](const std::string& what) {
      return what + " of run " + std::to_string(i) + ", " + name(a, i) + ", differ";
    };
    if (p.call != q.call || p.n != q.n || p.size != q.size || p.bytes != q.bytes)
      return differs("the types or the extents");
    for (std::size_t at = 0; at < p.bytes; at += 8, ++word)
      if (a.words[word].kind != b.words[word].kind || a.words[word].value != b.words[word].value)
        return differs(a.words[word].kind == PlannedWord::Kind::number ? "the numbers that the host gives"
                                                                       : "the places of the operands");
  }
  return "";
}

void check_leaves(const Plan& plan) {
  for (const Plan::Leaf& leaf : plan.leaves) {
    const Node* n = leaf.tensor.node();
    if (n->data != leaf.data)
      fail("replay", "a leaf's elements lie elsewhere than when the step was recorded: it is " +
                         leaf.tensor.describe() + "; capture the step again");
    if (leaf.keeps_gradient && n->grad != leaf.gradient)
      fail("replay", std::string("a leaf ") + (leaf.gradient ? "has another gradient" : "has a gradient") +
                         " than when the step was recorded: it is " + leaf.tensor.describe() +
                         (leaf.gradient ? "; clear gradients in the step" : "; call zero_grad() before it"));
  }
}

void run_plan(const Plan& plan) {
  for (const PlannedRun& r : plan.runs) {
    if (r.n <= r.size)
      r.call(r.f, 0, r.n);
    else
      run_blocks(r.n, r.size, r.f, r.call);
  }
  for (Buffer* b : plan.written) ++b->version;
}

std::vector<std::string> bits_made(const Plan& plan) {
  std::vector<std::string> before, made;
  for (const Plan::Range& r : plan.found)
    before.emplace_back(reinterpret_cast<const char*>(r.begin), static_cast<std::size_t>(r.end - r.begin));
  for (const PlannedRun& r : plan.runs) {
    if (r.kernel == &host_action_kernel) break;
    if (r.kernel == &set_gradients_kernel) continue;
    run_blocks(r.n, r.size, r.f, r.call);
  }
  for (const Plan::Range& r : plan.made)
    made.emplace_back(reinterpret_cast<const char*>(r.begin), static_cast<std::size_t>(r.end - r.begin));
  for (std::size_t k = 0; k < before.size(); ++k)
    std::memcpy(plan.found[k].begin, before[k].data(), before[k].size());
  return made;
}

}  // namespace detail

Replay::Replay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replay::Replay(Replay&&) noexcept = default;
Replay& Replay::operator=(Replay&&) noexcept = default;
Replay::~Replay() = default;

/// Makes an eager step, records it, and looks whether it is the one before.
void Replay::Impl::record() {
  Plan before;  // without its memory, of which the step may find some
  if (plan) before.runs.swap(plan->runs), before.words.swap(plan->words);
  const bool is_first = !std::exchange(plan, nullptr);
  std::unique_ptr<Plan> next = record_step(step, true, options.verify);
  if (!next->refused.empty())
    fail("capture", next->refused + "; leave it out of the step, or make the step without capture");
  why = is_first ? "it is the first" : difference(before, *next);
  planned = why.empty();
  plan = std::move(next);
  ++recordings;
  if (!planned && recordings >= options.most_recordings)
    fail("capture", "the step is not the same twice: " + why + ", in " + std::to_string(recordings) +
                        " recordings; what the host computes anew in each step can't be replayed");
}

/// Runs the plan's kernels for a look, and makes the step eagerly.
void Replay::Impl::verify() {
  const std::vector<std::string> bits = bits_made(*plan);
  planned = false;
  recordings = 0;
  record();
  if (!planned)
    fail("replay", "the eager step is another one than was recorded: " + why + "; capture it again");
  for (std::size_t k = 0; k < bits.size(); ++k)
    if (bits[k] != plan->made_bits[k])
      fail("replay", "value " + std::to_string(k) + " of " + std::to_string(bits.size()) +
                         " has other bits than the eager step gives; make the step without capture, and "
                         "report it");
}

void Replay::operator()() {
  Impl& r = *impl_;
  if (anomaly_mode) fail("replay", "anomaly mode is on, which a replay does not see; switch it off");
  if (noting) fail("replay", "it runs in a step that is recorded; capture one step that makes both");
  if (!r.planned) return r.record();
  check_leaves(*r.plan);
  if (r.options.verify) return r.verify();
  run_plan(*r.plan);
}

bool Replay::is_planned() const { return impl_->planned; }

Replay capture(std::function<void()> step, CaptureOptions options) {
  if (!step) fail("capture", "the step is empty; pass a function that makes it");
  auto impl = std::make_unique<Replay::Impl>(Replay::Impl{std::move(step), options});
  impl->record();
  return Replay(std::move(impl));
}

}  // namespace xgrad
