#include "xgrad/nn/summary.hpp"

#include <algorithm>
#include <ostream>
#include <unordered_map>
#include <unordered_set>

#include "type_name.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/profile.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/nn/call.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/nn/select.hpp"

namespace xgrad::nn {

namespace {

/// What was heard of one module.
struct Heard {
  std::int64_t calls = 0, flops = 0;
  std::optional<Shape> output;
};

/// Counts the calls of each module, and what its kernels compute meanwhile.
class Counter final : public detail::CallListener {
 public:
  Counter() : outer_(detail::call_listener()) { detail::call_listener() = this; }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() override { detail::call_listener() = outer_; }

  void enter(const ModuleBase& module) override { open_.push_back({&module, flops()}); }
  void leave(const ModuleBase& module, const Tensor& result) override {
    const Open call = open_.back();
    open_.pop_back();
    if (!open_.empty() && open_.back().module == &module)
      return;  // one call of a module by another of itself
    Heard& heard = heard_[&module];
    ++heard.calls;
    heard.flops += flops() - call.flops;
    if (result.defined()) heard.output = result.shape();
  }
  void fail(const ModuleBase&) override { open_.pop_back(); }

  Heard of(const Stateful* module) const {
    const auto found = heard_.find(module);
    return found == heard_.end() ? Heard() : found->second;
  }
  std::int64_t flops() const {
    std::int64_t sum = 0;
    for (const Profile::Row& row : profile_.kernels()) sum += row.flops;
    return sum;
  }

 private:
  Profile profile_{{.most_events = 0}};
  CallListener* outer_;
  struct Open {
    const ModuleBase* module;
    std::int64_t flops;
  };
  std::vector<Open> open_;
  std::unordered_map<const Stateful*, Heard> heard_;
};

/// The elements of the parameters that no module within this one has.
std::int64_t own_parameters(const ModuleBase& module) {
  const Visitor members = Visitor::of(module);
  std::unordered_set<const void*> inner;
  for (const Visitor::Part& part : members.parts())
    if (const auto* m = dynamic_cast<const ModuleBase*>(part.object); m && part.depth > 0)
      for (const Tensor& p : m->parameters()) inner.insert(p.node());
  std::int64_t count = 0;
  for (const Tensor& p : module.parameters())
    if (!inner.contains(p.node())) count += p.numel();
  return count;
}

std::int64_t bytes_of(const std::vector<Tensor>& tensors) {
  std::int64_t bytes = 0;
  for (const Tensor& t : tensors) bytes += t.numel() * static_cast<std::int64_t>(size_of(t.dtype()));
  return bytes;
}

/// 1234567 as 1,234,567.
std::string with_commas(std::int64_t n) {
  std::string text = std::to_string(n);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

}  // namespace

Summary summary(ModuleBase& model, const std::function<void()>& call) {
  const NoGrad unrecorded;
  const ModeGuard eval(model);
  const Counter counter;
  call();

  Summary result;
  for (const Visitor::Part& part : Visitor::of(model).parts()) {
    const auto* module = dynamic_cast<const ModuleBase*>(part.object);
    if (!module) continue;
    const Heard heard = counter.of(part.object);
    result.rows.push_back({part.path, detail::short_type_name(typeid(*module)), part.depth, heard.calls,
                           heard.output, own_parameters(*module), heard.flops / 2});
  }
  result.parameters = parameter_count(model, true);
  result.trainable_parameters = parameter_count(model);
  result.parameter_bytes = bytes_of(model.parameters());
  result.buffer_bytes = bytes_of(model.buffers());
  result.multiply_adds = counter.flops() / 2;
  return result;
}

Summary summary(Module& model, const Shape& shape, DType dtype) {
  return summary(model, [&] { model(zeros(shape, {.dtype = dtype})); });
}

std::string Summary::str() const {
  std::vector<std::vector<std::string>> lines = {{"Layer", "Output", "Parameters", "Multiply-adds"}};
  for (const Row& row : rows) {
    const std::string name = std::string(2 * row.depth, ' ') +
                             (row.depth ? "(" + row.path + "): " : std::string()) + row.type +
                             (row.calls > 1 ? " x " + std::to_string(row.calls) : "");
    lines.push_back({name, row.output ? row.output->str() : "-",
                     row.parameters ? with_commas(row.parameters) : "-",
                     row.multiply_adds ? with_commas(row.multiply_adds) : "-"});
  }
  std::vector<std::size_t> widths(4);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < 4; ++i) widths[i] = std::max(widths[i], line[i].size());

  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string space(widths[i] - line[i].size(), ' ');
      text += (i ? "  " : "") + (i < 2 ? line[i] + space : space + line[i]);  // names left, numbers right
    }
    text += '\n';
  }
  return text + "Parameters: " + with_commas(parameters) + " (" + with_commas(trainable_parameters) +
         " learn), " + with_commas(parameter_bytes) + " bytes" +
         (buffer_bytes ? "; buffers: " + with_commas(buffer_bytes) + " bytes" : "") +
         "\nMultiply-adds: " + with_commas(multiply_adds) + "\n";
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << summary.str(); }

}  // namespace xgrad::nn
