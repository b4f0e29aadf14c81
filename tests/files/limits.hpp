#pragma once

// What a process may not do.

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace test {

/// Another user than root, as whom permissions count.
class Nobody {
 public:
  Nobody() : is_root_(geteuid() == 0) {
    if (is_root_) REQUIRE(seteuid(65534) == 0);
  }
  ~Nobody() {
    if (is_root_) static_cast<void>(seteuid(0) == 0);
  }

 private:
  bool is_root_;
};

/// Files of this process end here.
class LargestFile {
 public:
  explicit LargestFile(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~LargestFile() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int);
};

}  // namespace test
