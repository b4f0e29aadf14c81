#include "program/drawing.hpp"

#include <map>
#include <tuple>

#include "program/table.hpp"

namespace xgrad::detail {
namespace {

/// Text between the quotes of a label.
std::string quoted(const std::string& text) {
  std::string s;
  for (char c : text) {
    if (c == '"' || c == '\\') s += '\\';
    s += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return s;
}

}  // namespace

std::string Drawing::types_of(const Call& call) const {
  std::string s;
  for (std::size_t v : call.outputs)
    if (v != nobody) s += (s.empty() ? "" : ", ") + values[v].type;
  return s;
}

std::string Drawing::dot() const {
  std::vector<std::string> names(values.size()), places(values.size());
  std::vector<std::size_t> sources;
  std::size_t count = 0;
  const auto name = [&] { return std::string("n") += std::to_string(count++); };
  for (std::size_t i = calls.size(); i-- > 0;) {
    const auto& outputs = calls[i].outputs;
    const std::string same = name();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (outputs[k] == nobody) continue;
      names[outputs[k]] = same;
      if (outputs.size() > 1) places[outputs[k]] = "label=\"" + std::to_string(k) + "\"";
    }
  }
  const auto add_source = [&](std::size_t v) {
    if (names[v].empty()) names[v] = name(), sources.push_back(v);
  };
  for (std::size_t i = calls.size(); i-- > 0;)
    for (const Input& x : calls[i].inputs) add_source(x.value);
  for (std::size_t v = 0; v < values.size(); ++v) add_source(v);

  const std::string doubled = ", peripheries=2";
  std::string out = "digraph xgrad {\n  rankdir=BT;\n";
  for (std::size_t i = calls.size(), n = 0; i-- > 0; ++n) {
    const Call& call = calls[i];
    bool gives_output = false;
    for (std::size_t v : call.outputs) gives_output |= v != nobody && values[v].is_output;
    const std::string id = std::string("n") += std::to_string(n);
    out += "  " + id + " [label=\"" + quoted(call.op) + "\\n" +
           (call.attributes.empty() ? "" : quoted(call.attributes) + "\\n") + types_of(call) + "\"" +
           (gives_output ? doubled : "") + "];\n";
    for (const Input& x : call.inputs) {
      std::string style = places[x.value];
      if (x.kept) style += std::string(style.empty() ? "" : ", ") + "style=dashed";
      out += "  " + names[x.value] + " -> " + id + (style.empty() ? "" : " [" + style + "]") + ";\n";
    }
  }
  for (std::size_t v : sources)
    out += "  " + names[v] + " [label=\"" + values[v].source + "\\n" + values[v].type + "\", shape=box" +
           (values[v].is_output ? doubled : "") + "];\n";
  return out + "}\n";
}

std::string Drawing::table(const std::string& bytes, const std::vector<Total>& totals) const {
  using Kind = std::tuple<std::string, std::string, std::string>;
  std::map<Kind, std::size_t> places;
  std::vector<std::pair<Kind, Total>> rows;
  for (const Call& call : calls) {
    Kind kind(on_one_line(call.op), types_of(call), on_one_line(call.attributes));
    const auto [at, is_new] = places.try_emplace(kind, rows.size());
    if (is_new) rows.push_back({std::move(kind), {}});
    Total& row = rows[at->second].second;
    ++row.count, row.bytes += call.bytes;
  }
  TextTable table(3, {"op", "output", "attributes", "calls", bytes});
  for (const auto& [kind, row] : rows)
    table.add({std::get<0>(kind), std::get<1>(kind), std::get<2>(kind), std::to_string(row.count),
               std::to_string(row.bytes)});
  for (const Total& total : totals)
    table.add({total.name, "", "", std::to_string(total.count), std::to_string(total.bytes)});
  return table.str();
}

}  // namespace xgrad::detail
