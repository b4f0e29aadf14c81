#include "autodiff/listen.hpp"

#include <exception>

#include "xgrad/core/launch.hpp"

namespace xgrad::detail {
namespace {

constinit thread_local Listener* innermost = nullptr;

/// All of them hear, also where one throws: the first error goes on when they have.
template <class F>
void each_listener(F f) {
  const Unheard guard;
  const KernelListener::Pause pause;
  std::exception_ptr error;
  for (Listener* l = innermost; l; l = l->outer()) {
    if (l->computes()) continue;
    try {
      f(*l);
    } catch (...) {
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Those that compute hear one after another, from the outermost on; each is heard by those around it.
void each_that_computes(Listener* l, const Heard& call) {
  if (!l) return;
  each_that_computes(l->outer(), call);
  if (!l->computes()) return;
  const AmongListeners guard(l->outer());
  l->hear(call);
}

}  // namespace

AmongListeners::AmongListeners(Listener* l) : before_(std::exchange(innermost, l)), doors_(doors) {
  Listener::open();
}

AmongListeners::~AmongListeners() {
  innermost = before_;
  constexpr auto ears = listener | tracer;
  doors = static_cast<std::uint8_t>((doors & ~ears) | (doors_ & ears));
}

Listener::Listener(bool traces) : outer_(std::exchange(innermost, this)), traces_(traces) { open(); }

Listener::~Listener() {
  for (Listener** at = &innermost; *at; at = &(*at)->outer_)
    if (*at == this) {
      *at = outer_;
      break;
    }
  open();
}

void Listener::open() {
  std::uint8_t open = 0;
  for (const Listener* l = innermost; l; l = l->outer_)
    open = static_cast<std::uint8_t>(open | listener | (l->traces_ ? tracer : 0));
  doors = static_cast<std::uint8_t>((doors & ~(listener | tracer)) | open);
}

void tell(const Op& op, std::span<const Ref> inputs, std::span<const Tensor> outputs,
          std::shared_ptr<const void> attributes) {
  const auto count = inputs.size() - static_cast<std::size_t>(op.scratch);
  const Heard call{op, inputs.first(count), inputs.subspan(count), outputs, std::move(attributes)};
  each_listener([&](Listener& l) { l.hear(call); });
  each_that_computes(innermost, call);
}

void tell_write(const char* op, const Tensor& x) {
  each_listener([&](Listener& l) { l.hear_write(op, x); });
  for (Listener* l = innermost; l; l = l->outer())
    if (l->computes()) l->hear_write(op, x);
}

}  // namespace xgrad::detail
