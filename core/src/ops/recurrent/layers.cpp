#include "ops/recurrent/check.hpp"
#include "ops/recurrent/sequence.hpp"

namespace xgrad {

using namespace detail;

namespace {

constexpr Extent steps = Extent::steps, batch = Extent::batch, in = Extent::in, hidden = Extent::hidden;

/// rnn and gru.
RecurrentResult layer(const char* name, Operands o, const SequenceAttributes& a) {
  const Side gates(a.gates(), hidden);
  check_recurrent(name, {{"x", o[Operand::x], {steps, batch, in}},
                         {"h0", o[Operand::h], {batch, hidden}},
                         {"w_ih", o[Operand::w_ih], {gates, in}},
                         {"w_hh", o[Operand::w_hh], {gates, hidden}},
                         {"b_ih", o[Operand::b_ih], {gates}, true},
                         {"b_hh", o[Operand::b_hh], {gates}, true}});
  check_lengths(name, o[Operand::lengths], o[Operand::x]);
  std::vector<Tensor> y = sequence(o, a);
  return {std::move(y[0]), std::move(y[1])};
}

}  // namespace

RecurrentResult rnn(const Tensor& x, const Tensor& h0, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih, const Tensor& b_hh, Activation activation,
                    const RecurrentOptions& options) {
  return layer("rnn", {x, h0, {}, w_ih, w_hh, b_ih, b_hh, options.lengths},
               {.kind = Recurrence::rnn, .activation = activation, .reverse = options.reverse});
}

RecurrentResult gru(const Tensor& x, const Tensor& h0, const Tensor& w_ih, const Tensor& w_hh,
                    const Tensor& b_ih, const Tensor& b_hh, const RecurrentOptions& options) {
  return layer("gru", {x, h0, {}, w_ih, w_hh, b_ih, b_hh, options.lengths},
               {.kind = Recurrence::gru, .reverse = options.reverse});
}

LstmResult lstm(const Tensor& x, const LstmState& start, const Tensor& w_ih, const Tensor& w_hh,
                const Tensor& b_ih, const Tensor& b_hh, const RecurrentOptions& options) {
  constexpr const char* name = "lstm";
  constexpr std::int64_t four = 4;
  check_recurrent(name, {{"x", x, {steps, batch, in}},
                         {"h0", start.h, {batch, hidden}},
                         {"c0", start.c, {batch, hidden}},
                         {"w_ih", w_ih, {{four, hidden}, in}},
                         {"w_hh", w_hh, {{four, hidden}, hidden}},
                         {"b_ih", b_ih, {{four, hidden}}, true},
                         {"b_hh", b_hh, {{four, hidden}}, true}});
  check_lengths(name, options.lengths, x);
  std::vector<Tensor> y = sequence({x, start.h, start.c, w_ih, w_hh, b_ih, b_hh, options.lengths},
                                   {.kind = Recurrence::lstm, .reverse = options.reverse});
  return {std::move(y[0]), {std::move(y[1]), std::move(y[2])}};
}

}  // namespace xgrad
