#include "xgrad/nn/select.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <unordered_set>

#include "xgrad/core/error.hpp"

namespace xgrad::nn {

namespace {

bool fits(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

/// Throws Error for a pattern that fits none of the names.
void check_patterns(const char* op, const std::vector<NamedTensor>& all, const Patterns& patterns) {
  for (const std::string& pattern : patterns)
    if (std::ranges::none_of(all, [&](const NamedTensor& t) { return fits(pattern, t.name); })) {
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 8); ++i)
        names += (i ? ", " : "") + all[i].name;
      throw Error(std::string(op) + ": no parameter fits the pattern '" + pattern + "': there are " +
                  (all.empty() ? "none" : names + (all.size() > 8 ? ", ..." : "")) + "; correct the pattern");
    }
}

/// Those whose names fit (or do not fit) a pattern. A tensor of several names goes by its first one.
std::vector<NamedTensor> chosen(const char* op, const ModuleBase& model, const Patterns& patterns,
                                bool wanted) {
  std::vector<NamedTensor> all = model.named_parameters(), result;
  check_patterns(op, all, patterns);
  std::unordered_set<const void*> seen;
  for (NamedTensor& t : all) {
    if (!seen.insert(t.tensor.node()).second) continue;
    const bool found = std::ranges::any_of(patterns, [&](const std::string& p) { return fits(p, t.name); });
    if (found == wanted) result.push_back(std::move(t));
  }
  return result;
}

std::vector<NamedTensor> learning(std::vector<NamedTensor> tensors) {
  std::erase_if(tensors, [](const NamedTensor& t) { return !t.tensor.requires_grad(); });
  return tensors;
}

std::size_t set_learning(const char* op, ModuleBase& model, const Patterns& patterns, bool on) {
  std::vector<NamedTensor> tensors = chosen(op, model, patterns, true);
  for (NamedTensor& t : tensors) t.tensor.requires_grad_(on);
  return tensors.size();
}

}  // namespace

std::vector<NamedTensor> matching(const ModuleBase& model, const Patterns& patterns) {
  return learning(chosen("matching", model, patterns, true));
}
std::vector<NamedTensor> others(const ModuleBase& model, const Patterns& patterns) {
  return learning(chosen("others", model, patterns, false));
}

std::size_t freeze(ModuleBase& model, const Patterns& patterns) {
  return set_learning("freeze", model, patterns, false);
}
std::size_t unfreeze(ModuleBase& model, const Patterns& patterns) {
  return set_learning("unfreeze", model, patterns, true);
}

std::int64_t parameter_count(const ModuleBase& model, bool all) {
  std::int64_t count = 0;
  for (const Tensor& p : model.parameters())
    if (all || p.requires_grad()) count += p.numel();
  return count;
}

}  // namespace xgrad::nn
