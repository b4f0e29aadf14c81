#include "program/drawing.hpp"
#include "xgrad/core/graph.hpp"
#include "xgrad/core/program.hpp"

namespace xgrad {
namespace {

std::int64_t bytes_of(const Program::Value& v) {
  std::int64_t bytes = size_of(v.dtype);
  for (std::int64_t size : v.shape) bytes *= size;
  return bytes;
}

detail::Drawing drawing_of(const Program& p) {
  detail::Drawing drawing;
  for (const Program::Value& v : p.values())
    drawing.values.push_back({name_of(v.dtype) + v.shape.str(), v.constant.defined() ? "constant" : ""});
  for (std::size_t i = 0; i < p.inputs().size(); ++i)
    drawing.values[p.inputs()[i]].source = "input " + std::to_string(i);
  for (std::size_t v : p.outputs()) drawing.values[v].is_output = true;
  for (const Program::Call& c : p.calls()) {
    detail::Drawing::Call call{.op = c.op, .outputs = c.outputs};
    for (const Attribute& a : c.attributes)
      call.attributes += (call.attributes.empty() ? "" : " ") + to_string(a);
    for (std::size_t v : c.inputs) call.inputs.push_back({v});
    for (std::size_t v : c.outputs) call.bytes += bytes_of(p.values()[v]);
    drawing.calls.push_back(std::move(call));
  }
  return drawing;
}

}  // namespace

std::string to_dot(const Program& p) { return drawing_of(p).dot(); }

std::string summary(const Program& p) {
  using Total = detail::Drawing::Total;
  Total inputs{"inputs"}, constants{"constants"}, all{"all calls"};
  const auto add = [&](Total& total, std::size_t v) {
    ++total.count, total.bytes += bytes_of(p.values()[v]);
  };
  for (std::size_t v : p.inputs()) add(inputs, v);
  for (std::size_t v = 0; v < p.values().size(); ++v)
    if (p.values()[v].constant.defined()) add(constants, v);
  const detail::Drawing drawing = drawing_of(p);
  for (const auto& call : drawing.calls) ++all.count, all.bytes += call.bytes;
  return drawing.table("bytes", {inputs, constants, all});
}

}  // namespace xgrad
