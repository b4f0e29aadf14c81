#include "tensor/call_stack.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "tensor/fork.hpp"

#if __has_include(<elfutils/libdwfl.h>)
#include <elfutils/libdwfl.h>
#define XGRAD_HAS_LIBDW 1
#else
#define XGRAD_HAS_LIBDW 0
#endif

namespace xgrad::detail {
namespace {

struct Frame {
  std::string function, place;
};

std::string demangled(const char* name) {
  if (!name) return "?";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? text.get() : name;
}

/// What the dynamic linker knows: the names of exported functions.
Frame exported(void* address) {
  Dl_info info = {};
  if (!dladdr(address, &info)) return {"?", ""};
  return {demangled(info.dli_sname), info.dli_fname ? info.dli_fname : ""};
}

#if XGRAD_HAS_LIBDW
/// elfutils' libdw, loaded when the first message is written, so that no program links to it or waits for it.
class DebugInfo {
 public:
  DebugInfo() {
    void* lib = dlopen("libdw.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!lib || !load(lib)) return;
    callbacks_.find_elf = find_elf_;
    callbacks_.find_debuginfo = find_debuginfo_;
    dwfl_ = begin_(&callbacks_);
    if (dwfl_ && (report_(dwfl_, getpid()) != 0 || report_end_(dwfl_, nullptr, nullptr) != 0))
      dwfl_ = nullptr;
  }

  bool find(void* address, Frame& frame) {
    const auto at = reinterpret_cast<Dwarf_Addr>(address) - 1;  // inside the call, not behind it
    Dwfl_Module* module = dwfl_ ? addrmodule_(dwfl_, at) : nullptr;
    if (!module) return false;
    const char* name = addrname_(module, at);
    if (!name) return false;
    frame.function = demangled(name);
    int line = 0;
    Dwfl_Line* source = getsrc_(module, at);
    const char* file = source ? lineinfo_(source, nullptr, &line, nullptr, nullptr, nullptr) : nullptr;
    if (file) frame.place = std::string(file) + ":" + std::to_string(line);
    return true;
  }

 private:
  bool load(void* lib) {
    const auto get = [lib](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(lib, name));
      return function != nullptr;
    };
    return get(begin_, "dwfl_begin") && get(report_, "dwfl_linux_proc_report") &&
           get(report_end_, "dwfl_report_end") && get(addrmodule_, "dwfl_addrmodule") &&
           get(addrname_, "dwfl_module_addrname") && get(getsrc_, "dwfl_module_getsrc") &&
           get(lineinfo_, "dwfl_lineinfo") && get(find_elf_, "dwfl_linux_proc_find_elf") &&
           get(find_debuginfo_, "dwfl_standard_find_debuginfo");
  }

  Dwfl_Callbacks callbacks_ = {};
  Dwfl* dwfl_ = nullptr;
  decltype(&dwfl_begin) begin_;
  decltype(&dwfl_linux_proc_report) report_;
  decltype(&dwfl_report_end) report_end_;
  decltype(&dwfl_addrmodule) addrmodule_;
  decltype(&dwfl_module_addrname) addrname_;
  decltype(&dwfl_module_getsrc) getsrc_;
  decltype(&dwfl_lineinfo) lineinfo_;
  decltype(&dwfl_linux_proc_find_elf) find_elf_;
  decltype(&dwfl_standard_find_debuginfo) find_debuginfo_;
};

bool find_in_debug_info(void* address, Frame& frame) {
  struct Locked {
    Mutex mutex;  // libdw's sessions serve one thread at a time
    DebugInfo info;
  };
  static constinit std::atomic<Locked*> of_process = nullptr;
  Locked& debug = process_wide(of_process);
  const std::lock_guard lock(debug.mutex);
  return debug.info.find(address, frame);
}
#else
bool find_in_debug_info(void*, Frame&) { return false; }
#endif

/// True for a function in namespace xgrad: its name starts behind a return type, which templates show, and
/// ends before its parameters.
bool is_ours(const Frame& f) {
  constexpr std::string_view deduced = "decltype(auto) ";  // a return type with parentheses of its own
  std::size_t start = f.function.starts_with(deduced) ? deduced.size() : 0;
  int depth = 0;
  for (std::size_t i = start; i < f.function.size(); ++i) {
    const char c = f.function[i];
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth == 0 && c == '(') break;
    if (depth == 0 && c == ' ') start = i + 1;
  }
  return f.function.compare(start, 7, "xgrad::") == 0;
}
bool is_start(const Frame& f) {
  return f.function.rfind("__libc_start", 0) == 0 || f.function == "_start" ||
         f.function.rfind("clone", 0) == 0;
}

}  // namespace

std::vector<void*> call_stack() {
  void* addresses[64];
  const int n = backtrace(addresses, 64);
  return std::vector<void*>(addresses, addresses + n);
}

std::string describe_call_stack(const std::vector<void*>& addresses) {
  std::string text;
  enum { above, ours, theirs } part = above;  // a sanitizer may stand above our first call
  for (void* address : addresses) {
    Frame frame;
    if (!find_in_debug_info(address, frame)) frame = exported(address);
    if (part != theirs && is_ours(frame)) part = ours;
    if (part == ours && !is_ours(frame) && frame.function != "?") part = theirs;
    if (part != theirs) continue;
    if (is_start(frame)) break;
    text += "  " + frame.function + (frame.place.empty() ? "" : " at " + frame.place) + "\n";
  }
  return text.empty() ? "  an unknown call: link with -rdynamic, or compile with -g\n" : text;
}

}  // namespace xgrad::detail
