#include "tensor/capture.hpp"

#include <link.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

constinit thread_local Capture* noting = nullptr;

namespace {

/// Where the heaps and the libraries of a program lie that is not at a fixed place; what is less is a number,
/// unless it lies in the heap of one that is.
constexpr std::uintptr_t first_place = std::uintptr_t{0x5500} << 32,
                         last_place = std::uintptr_t{0x8000} << 32;

constexpr std::size_t chunk = std::size_t{1} << 16, closure_line = 64;

void run_action(const void* f, std::int64_t, std::int64_t) {
  (*static_cast<const std::function<void()>*>(f))();
}

}  // namespace

void* Plan::room_for(std::size_t bytes) {
  bytes = (bytes + closure_line - 1) / closure_line * closure_line;
  if (rest_ < bytes) {
    rest_ = std::max(chunk, bytes);
    memory_.push_back(std::make_unique<std::byte[]>(rest_ + closure_line));
    const auto at = reinterpret_cast<std::uintptr_t>(memory_.back().get());
    free_ = memory_.back().get() + (closure_line - at % closure_line) % closure_line;
  }
  rest_ -= bytes;
  std::memset(free_, 0, bytes);
  return std::exchange(free_, free_ + bytes);
}

Plan::~Plan() {
  for (Buffer* b : held) drop(b);
  for (Buffer* b : constants) drop(b);
}

Capture::Capture(Plan& plan, bool strict) : plan_(plan), strict_(strict) {
  pthread_attr_t attributes;
  void* stack = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &stack, &size);
    pthread_attr_destroy(&attributes);
  }
  stack_begin_ = reinterpret_cast<std::uintptr_t>(stack);
  stack_end_ = stack_begin_ + size;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* images) {
        for (int i = 0; i < info->dlpi_phnum; ++i)
          if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            const std::uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            static_cast<decltype(images_)*>(images)->push_back({at, at + info->dlpi_phdr[i].p_memsz});
          }
        return 0;
      },
      &images_);
  heap_end_ = reinterpret_cast<std::uintptr_t>(sbrk(0));
  heap_begin_ = 0;
  for (const auto& image : images_)
    if (image.second <= heap_end_) heap_begin_ = std::max(heap_begin_, image.second);
  noting = this;
}

Capture::~Capture() { noting = nullptr; }

void Capture::rule_out(const std::string& why) {
  if (plan_.refused.empty()) plan_.refused = why;
}

bool Capture::is_image(std::uintptr_t address) const {
  return std::any_of(images_.begin(), images_.end(),
                     [&](const auto& i) { return address >= i.first && address < i.second; });
}

bool Capture::is_held(std::uintptr_t address) const {
  auto next = held_.upper_bound(address);
  return next != held_.begin() && address < std::prev(next)->second.end;
}

void Capture::note_word(const Kernel& kernel, std::uint64_t word) {
  using enum PlannedWord::Kind;
  const auto address = static_cast<std::uintptr_t>(word);
  if (Arena::Block* block = plan_.arena.find(address)) {
    const std::size_t at = address - reinterpret_cast<std::uintptr_t>(block->at);
    const auto header = static_cast<std::size_t>(block->elements() - block->at);
    if (!block->is_taken || at < header)
      rule_out(std::string("the kernel ") + kernel.name +
               " refers to a tensor's header, or to one that is gone");
    const std::uint64_t number = numbers_.emplace(block, numbers_.size()).first->second;
    plan_.words.push_back({arena, number << 40 | at});
    if (std::find(touched_.begin(), touched_.end(), block) == touched_.end()) touched_.push_back(block);
    return;
  }
  const bool is_place = (address >= first_place && address < last_place) ||
                        (address >= heap_begin_ && address < heap_end_ && heap_begin_ != 0);
  if (!is_place) return plan_.words.push_back({number, word});
  plan_.words.push_back({elsewhere, word});
  if (address >= stack_begin_ && address < stack_end_)
    rule_out(std::string("the kernel ") + kernel.name + " refers to variables of its caller");
  else if (!is_image(address) && !is_held(address))
    pending_.push_back({address, &kernel});
}

void Capture::note(const Kernel& kernel, Work work, std::int64_t n, std::int64_t size, const void* f,
                   const Closure& closure) {
  touched_.clear();
  if (!plan_.refused.empty()) return;
  if (!closure.copy)
    return rule_out(std::string("the kernel ") + kernel.name + " holds more than numbers and pointers");
  void* copy = plan_.room_for(closure.bytes);
  closure.copy(copy, f);
  for (std::size_t i = 0; i < closure.bytes; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, static_cast<std::byte*>(copy) + i, sizeof word);
    note_word(kernel, word);
  }
  for (const Arena::Block* block : touched_)
    if (block->mark != block->mark_of())
      rule_out(std::string("the elements that the kernel ") + kernel.name +
               " reads were written by other means than a kernel");
  plan_.runs.push_back({closure.call, copy, n, size, &kernel, work, closure.bytes});
}

void Capture::ran() {
  for (Arena::Block* block : touched_) block->mark = block->mark_of();
  touched_.clear();
}

void Capture::check_result(const char* op, const Tensor& y) {
  if (!plan_.refused.empty()) return;
  if (y.numel() == 0) return hold(y);
  const Arena::Block* block = plan_.arena.find(reinterpret_cast<std::uintptr_t>(y.node()->data));
  if (block && !has_acted_) {
    auto* const begin = static_cast<std::byte*>(y.node()->data);
    results_.push_back({block, block->turn, {begin, begin + y.numel() * size_of(y.dtype())}});
  }
  if (block && block->mark != block->mark_of())
    rule_out(std::string(op) + " writes elements by other means than a kernel");
}

/// The results of ops that are still there when the host acts.
void Capture::note_made() {
  if (std::exchange(has_acted_, true)) return;
  for (const Result& r : results_)
    if (r.block->is_taken && r.block->turn == r.turn) plan_.made.push_back(r.range);
  results_.clear();
  if (!keeps_bits) return;
  for (const Plan::Range& r : plan_.made)
    plan_.made_bits.emplace_back(reinterpret_cast<const char*>(r.begin),
                                 static_cast<std::size_t>(r.end - r.begin));
}

void Capture::act(std::function<void()> f) {
  note_made();
  flush_gradients();
  {
    const Uncaptured guard;
    f();
  }
  plan_.actions.push_back(std::move(f));
  plan_.runs.push_back({&run_action, &plan_.actions.back(), 1, 1, &host_action_kernel, {}, 0});
}

void Capture::read(const char* who, const Tensor& x) {
  const std::string what = std::string(who) + ": the elements are read or written while a step is recorded";
  if (strict_)
    throw Error(what + ", and what they are now would be used in every replay: x is " + x.describe() +
                "; do it before or after the step, or compute with tensors, as by where()");
  rule_out(what);
}

void Capture::hold(const Tensor& x) {
  Node* n = x.node();
  if (!n->buffer) return;
  const auto at = reinterpret_cast<std::uintptr_t>(n->data);
  if (n->numel == 0) {  // whose place may be anybody's: nothing is read there
    held_.try_emplace(at, Held{at + 1, n->buffer});
    return;
  }
  if (plan_.arena.find(at)) return;
  std::size_t bytes = static_cast<std::size_t>(n->numel * size_of(n->dtype));
  if (n->buffer->memory != Memory::foreign) bytes = (bytes + line - 1) / line * line;
  const auto [held, is_new] = held_.try_emplace(at, Held{at + bytes, n->buffer});
  held->second.end = std::max(held->second.end, at + bytes);
  if (is_new && std::find(plan_.held.begin(), plan_.held.end(), n->buffer) == plan_.held.end()) {
    plan_.held.push_back(n->buffer);
    n->buffer->owners.up();
  }
  if (n->op || !n->requires_grad) return;
  for (const Plan::Leaf& leaf : plan_.leaves)
    if (leaf.tensor.node() == n) return;
  plan_.leaves.push_back({x, n->data, false, nullptr});
  gradients_.push_back({n->grad, n->grad ? reinterpret_cast<std::uintptr_t>(n->grad->data) : 0, false, {}});
}

void Capture::hold_constant(const Tensor& x) {
  Node* n = x.node();
  const auto at = reinterpret_cast<std::uintptr_t>(n->data);
  const std::size_t bytes = static_cast<std::size_t>(n->numel * size_of(n->dtype)) + 1;
  held_.insert_or_assign(at, Held{at + (bytes + line - 1) / line * line, n->buffer});
  n->buffer->owners.up();
  plan_.constants.push_back(n->buffer);
}

void Capture::writes(const Tensor& x) {
  Buffer* b = x.node()->buffer;
  if (!b || x.node()->numel == 0) return;  // whose buffer the plan does not hold
  hold(x);
  if (!plan_.arena.find(reinterpret_cast<std::uintptr_t>(x.node()->data)) &&
      std::find(plan_.written.begin(), plan_.written.end(), b) == plan_.written.end())
    plan_.written.push_back(b);
}

bool is_captured() { return noting != nullptr; }

void host_action(std::function<void()> f) {
  if (!noting) return f();
  noting->act(std::move(f));
}

void refuse_capture(const char* who, const char* why) {
  if (noting) noting->rule_out(std::string(who) + ": " + why);
}

}  // namespace xgrad::detail
