#include <map>
#include <string>
#include <unordered_map>

#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

namespace {

const char* kind_of(const Visitor::Slot& slot) { return slot.is_parameter ? "a parameter" : "a buffer"; }

/// What keeps the values of `from` out of `to`, "" where nothing does.
std::string mismatch(const Visitor::Slot& from, const Visitor::Slot& to) {
  const Tensor &s = *from.tensor, &t = *to.tensor;
  const std::string both = s.describe() + " in the source, " + t.describe() + " in the target";
  if (from.is_parameter != to.is_parameter)
    return std::string(kind_of(from)) + " in the source, " + kind_of(to) + " in the target";
  if (!(s.shape() == t.shape())) return both;
  if (is_floating(s.dtype()) && !is_floating(t.dtype())) return both;
  if (!t.is_leaf()) return std::string("the result of ") + t.op_name() + " in the target";
  return "";
}

/// All that differs, a line of text.
class Differences {
 public:
  void add(const std::string& path, const std::string& what) {
    text_ += (text_.empty() ? "" : "; ") + ("'" + path + "' is ") + what;
  }
  void check() const {
    if (!text_.empty())
      throw Error("copy_parameters: the models do not match: " + text_ +
                  "; both must have the same names, kinds and shapes");
  }

 private:
  std::string text_;
};

}  // namespace

void copy_parameters(const Module& from, Module& to) {
  const Visitor sources = Visitor::of(from), targets = Visitor::of(to);
  std::map<std::string, const Visitor::Slot*> by_path;
  for (const auto& slot : sources.slots()) by_path.emplace(slot.path, &slot);

  struct Copy {
    Tensor target, values;
  };
  std::vector<Copy> copies;
  std::unordered_map<const void*, const Visitor::Slot*>
      taken;  // from a tensor of `to` to whose values it gets
  Differences differences;
  const NoGrad guard;
  for (const auto& slot : targets.slots()) {
    const auto found = by_path.find(slot.path);
    if (found == by_path.end()) {
      differences.add(slot.path, "missing in the source");
      continue;
    }
    const Visitor::Slot& source = *found->second;
    by_path.erase(found);
    if (const std::string what = mismatch(source, slot); !what.empty()) {
      differences.add(slot.path, what);
      continue;
    }
    const auto [first, is_new] = taken.emplace(slot.tensor->node(), &source);
    if (is_new)
      copies.push_back({*slot.tensor, source.tensor->to(slot.tensor->dtype())});
    else if (first->second->tensor->node() != source.tensor->node())
      differences.add(slot.path, "the same tensor as '" + first->second->path +
                                     "' in the target, another one in the source");
  }
  for (const auto& [path, slot] : by_path) differences.add(path, "missing in the target");
  differences.check();
  for (Copy& c : copies) c.target.copy_(c.values);
}

}  // namespace xgrad::nn
