#pragma once

#include <cstddef>
#include <functional>

namespace xgrad::train {

/// Calls f(0) to f(n - 1) on so many threads, each of which takes the next one when it is done. Returns when
/// all are over; then throws what the lowest of those that threw has thrown, behind which no more are begun.
/// Throws Error, in the name of `op`, for threads < 1.
void run_on_threads(const char* op, std::size_t n, int threads, const std::function<void(std::size_t)>& f);

}  // namespace xgrad::train
