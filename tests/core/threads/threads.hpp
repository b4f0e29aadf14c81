#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
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

/// The status of a test case run in a process of its own, with that in its environment.
inline int run_child(const std::string& test_case, const std::string& environment = "") {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  return std::system(
      (environment + " '" + program + "' --no-skip --test-case='" + test_case + "' >/dev/null").c_str());
}
