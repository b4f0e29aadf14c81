#pragma once

#include <functional>
#include <vector>
#include <xgrad/xgrad.hpp>

/// The number of threads for one scope.
class Threads {
 public:
  explicit Threads(int n) : before_(xgrad::num_threads()) { xgrad::set_num_threads(n); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { xgrad::set_num_threads(before_); }

 private:
  int before_;
};
