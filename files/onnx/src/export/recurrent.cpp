#include "export/activation.hpp"
#include "export/call.hpp"

// Recurrent layers and cells.

namespace xgrad::onnx::detail {

namespace {

using List = std::vector<std::int64_t>;

/// The operands of a layer, which it has of a fixed order of places, by a set of those that are there.
struct Operands {
  enum Place : std::uint8_t { x, h, c, w_ih, w_hh, b_ih, b_hh, lengths };

  explicit Operands(const ExportedCall& call) {
    const std::int64_t given = call.integer("given");
    std::size_t next = 0;
    for (std::size_t place = 0; place < 8; ++place)
      if (given >> place & 1) at[place] = static_cast<int>(next++);
  }
  bool has(Place p) const { return at[p] >= 0; }
  std::size_t operator[](Place p) const { return static_cast<std::size_t>(at[p]); }

  int at[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
};

/// Blocks of rows in ONNX's order of gates, and an axis of one direction in front.
std::string regated(Graph& g, const std::string& weight, const List& gates, std::int64_t hidden) {
  List rows;
  for (std::int64_t gate : gates)
    for (std::int64_t i = 0; i < hidden; ++i) rows.push_back(gate * hidden + i);
  const std::string ordered =
      gates.size() == 1 ? weight : g.add("Gather", {weight, g.ints(rows)}, {{"axis", std::int64_t{0}}});
  return g.unsqueeze(ordered, {0});
}

void layer(ExportedCall& call, const char* type, const List& gates, NodeAttributes attributes) {
  Graph& g = call.graph;
  const Operands o(call);
  const std::int64_t hidden = call.shape(o[Operands::h])[1];
  const DType t = call.dtype(0);
  const auto name = [&](Operands::Place p) { return call.x(o[p]); };
  const auto bias = [&](Operands::Place p) {
    if (o.has(p)) return regated(g, name(p), gates, hidden);
    return g.unsqueeze(
        g.add("Expand", {g.number(0, t), g.ints({static_cast<std::int64_t>(gates.size()) * hidden})}), {0});
  };
  std::string both;
  if (o.has(Operands::b_ih) || o.has(Operands::b_hh))
    both = g.concat({bias(Operands::b_ih), bias(Operands::b_hh)}, 1);
  std::string lengths;
  if (o.has(Operands::lengths)) lengths = g.cast_to_int32(name(Operands::lengths));
  Names inputs = {name(Operands::x),
                  regated(g, name(Operands::w_ih), gates, hidden),
                  regated(g, name(Operands::w_hh), gates, hidden),
                  both,
                  lengths,
                  g.unsqueeze(name(Operands::h), {0})};
  if (o.has(Operands::c)) inputs.push_back(g.unsqueeze(name(Operands::c), {0}));
  attributes.push_back({"hidden_size", hidden});
  attributes.push_back({"direction", std::string(call.flag("reverse") ? "reverse" : "forward")});
  const Names made = g.add(type, inputs, call.outputs(), attributes);
  call.give(g.squeeze(made[0], {1}), 0);
  for (std::size_t k = 1; k < made.size(); ++k) {
    std::string last = g.squeeze(made[k], {0});
    if (!lengths.empty()) {
      // ONNX leaves open what is last in a sequence without a step: it is what was there before.
      const std::string none = g.add("Equal", {name(Operands::lengths), g.integer(0)});
      last = g.add("Where", {g.unsqueeze(none, {1}), name(k == 1 ? Operands::h : Operands::c), last});
    }
    call.give(last, k);
  }
}

// Ours are i f g o and r z n; ONNX has i o f c and z r h.
void lstm(ExportedCall& c) { layer(c, "LSTM", {0, 3, 1, 2}, {}); }
void gru(ExportedCall& c) { layer(c, "GRU", {1, 0, 2}, {{"linear_before_reset", std::int64_t{1}}}); }
void rnn(ExportedCall& c) {
  const std::string activation = c.text("activation");
  const std::string name = activation == "relu" ? "Relu" : activation == "sigmoid" ? "Sigmoid" : "Tanh";
  if (activation == "none") c.fail("an rnn needs an activation in ONNX; take tanh, relu or sigmoid");
  layer(c, "RNN", {0}, {{"activations", std::vector<std::string>{name}}});
}

/// Parts of one size along axis 1.
Names gates_of(ExportedCall& c, const std::string& x, std::int64_t count, std::int64_t hidden) {
  return c.graph.add("Split", {x, c.graph.ints(List(static_cast<std::size_t>(count), hidden))},
                     static_cast<std::size_t>(count), {{"axis", std::int64_t{1}}});
}

void rnn_cell(ExportedCall& c) {
  Graph& g = c.graph;
  const std::string sum = g.add("Gemm", {c.x(1), c.x(2), c.x(0)}, {{"transB", std::int64_t{1}}});
  c.give(activated(g, sum, c.text("activation")));
}

void lstm_cell(ExportedCall& c) {
  Graph& g = c.graph;
  const Names gates = gates_of(c, g.add("Add", {c.x(0), c.x(1)}), 4, c.shape(2)[1]);
  const std::string i = g.add("Sigmoid", {gates[0]}), f = g.add("Sigmoid", {gates[1]}),
                    n = g.add("Tanh", {gates[2]}), o = g.add("Sigmoid", {gates[3]});
  const std::string cell = g.add("Add", {g.add("Mul", {f, c.x(2)}), g.add("Mul", {i, n})});
  c.give(g.add("Mul", {o, g.add("Tanh", {cell})}), 0);
  c.give(cell, 1);
}

void gru_cell(ExportedCall& c) {
  Graph& g = c.graph;
  const std::int64_t hidden = c.shape(2)[1];
  const Names in = gates_of(c, c.x(0), 3, hidden), back = gates_of(c, c.x(1), 3, hidden);
  const std::string r = g.add("Sigmoid", {g.add("Add", {in[0], back[0]})}),
                    z = g.add("Sigmoid", {g.add("Add", {in[1], back[1]})});
  const std::string n = g.add("Tanh", {g.add("Add", {in[2], g.add("Mul", {r, back[2]})})});
  const std::string rest = g.add("Mul", {g.add("Sub", {g.number(1, c.dtype(0)), z}), n});
  c.give(g.add("Add", {rest, g.add("Mul", {z, c.x(2)})}));
}

}  // namespace

void add_recurrent(ExportTable& table) {
  table["lstm"] = lstm, table["gru"] = gru, table["rnn"] = rnn;
  table["rnn_cell"] = rnn_cell, table["lstm_cell"] = lstm_cell, table["gru_cell"] = gru_cell;
}

}  // namespace xgrad::onnx::detail
