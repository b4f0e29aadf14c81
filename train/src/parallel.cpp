#include "parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "xgrad/core/error.hpp"

namespace xgrad::train {

void run_on_threads(const char* op, std::size_t n, int threads, const std::function<void(std::size_t)>& f) {
  if (threads < 1)
    throw Error(std::string(op) + ": threads must be at least 1: it is " + std::to_string(threads));
  std::vector<std::exception_ptr> errors(n);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> has_failed = false;
  const auto work = [&] {
    for (std::size_t i; !has_failed && (i = next++) < n;) {
      try {
        f(i);
      } catch (...) {
        errors[i] = std::current_exception();
        has_failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(static_cast<std::size_t>(threads), n); ++i)
      others.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace xgrad::train
