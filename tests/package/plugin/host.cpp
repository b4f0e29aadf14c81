// A program that knows nothing of xgrad, loads a plugin that has it inside, calls it on two threads, lets it
// go, and does so again.

#include <dlfcn.h>

#include <cstdio>
#include <thread>

namespace {

/// What the plugin says it is wrong by, or 1 and a message.
double loaded(const char* plugin) {
  void* handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  auto* run = handle ? reinterpret_cast<double (*)()>(dlsym(handle, "distance_from_right")) : nullptr;
  if (!run) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  double here = 1, there = 1;
  std::thread other([&] { there = run(); });
  other.join();
  std::thread beside([&] { there += run(); });
  here = run();
  beside.join();
  dlclose(handle);
  return here + there;
}

}  // namespace

int main(int, char** argv) {
  const double first = loaded(argv[1]), second = loaded(argv[1]);
  std::printf("off by %g and %g\n", first, second);
  return first < 1e-12 && second < 1e-12 ? 0 : 1;
}
