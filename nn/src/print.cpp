#include <ostream>

#include "type_name.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

std::string ModuleBase::str() const {
  std::vector<Visitor::Part> parts = Visitor::of(*this).parts();
  std::erase_if(parts, [](const Visitor::Part& p) { return !dynamic_cast<const ModuleBase*>(p.object); });
  const auto indent = [](std::size_t depth) { return std::string(2 * depth, ' '); };
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [path, depth, object] = parts[i];
    const auto* module = dynamic_cast<const ModuleBase*>(object);
    const std::size_t next = i + 1 < parts.size() ? parts[i + 1].depth : 0;
    const std::string options = module->extra_repr();
    out += indent(depth) + (depth ? "(" + path + "): " : "") + detail::short_type_name(typeid(*module)) + "(";
    if (next > depth)
      out += "\n" + (options.empty() ? "" : indent(depth + 1) + options + "\n");
    else
      out += options + ")\n";
    for (std::size_t open = depth; open-- > next;) out += indent(open) + ")\n";
  }
  out.pop_back();
  return out;
}

std::ostream& operator<<(std::ostream& out, const ModuleBase& module) { return out << module.str(); }

}  // namespace xgrad::nn
