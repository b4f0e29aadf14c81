#pragma once

#include <functional>

namespace xgrad::detail {

/// Whether a step of this thread is recorded that is to run again: see replay.hpp.
bool is_captured();

/// What the host decides anew in each step, and where nothing is recorded just f(): it is called now, and at
/// the same place of every replay; what it computes is its own affair, at the speed of ordinary ops. It must
/// find all that it reads where it lies now, for as long as the replay lives.
///
///     void Sgd::step() {
///       if (is_captured()) return host_action([this] { step(); });
void host_action(std::function<void()> f);

/// Says that a step can't be run again where `who` is called in it, because of `why`. Does nothing where
/// none is recorded.
void refuse_capture(const char* who, const char* why);

}  // namespace xgrad::detail
