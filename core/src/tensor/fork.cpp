#include "tensor/fork.hpp"

#include <pthread.h>

#include <thread>

namespace xgrad::detail {

/// The list of all mutexes, and what is done around a fork.
class AllMutexes {
 public:
  static void join(Mutex* m) {
    const std::lock_guard lock(of_list_);
    m->next_ = first_;
    if (first_) first_->previous_ = m;
    first_ = m;
  }
  static void leave(Mutex* m) {
    const std::lock_guard lock(of_list_);
    (m->previous_ ? m->previous_->next_ : first_) = m->next_;
    if (m->next_) m->next_->previous_ = m->previous_;
  }
  static void take() {
    Passage::closed_ = true;
    while (Passage::inside_ > 0) std::this_thread::yield();
    of_list_.lock();
    for (Mutex* m = first_; m; m = m->next_) m->lock();
  }
  static void give_back() {
    for (Mutex* m = first_; m; m = m->next_) m->unlock();
    of_list_.unlock();
    Passage::closed_ = false;
  }

 private:
  static constinit std::mutex of_list_;
  static constinit Mutex* first_;
};

constinit std::mutex AllMutexes::of_list_;
constinit Mutex* AllMutexes::first_ = nullptr;

namespace {

// When the program is loaded, and so before any thread can fork.
[[maybe_unused]] const int registered =
    pthread_atfork(AllMutexes::take, AllMutexes::give_back, AllMutexes::give_back);

}  // namespace

int Passage::wait_outside() {
  for (;;) {
    inside_.fetch_sub(1);
    while (closed_) std::this_thread::yield();
    const int inside = inside_.fetch_add(1) + 1;
    if (!closed_) return inside;
  }
}

Mutex::Mutex() { AllMutexes::join(this); }
Mutex::~Mutex() { AllMutexes::leave(this); }

}  // namespace xgrad::detail
