// Every row as a program: what passes the ops' door is all that is needed to compute it again.

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <set>

#include "autodiff/fields.hpp"
#include "autodiff/listen.hpp"
#include "core/ops/rows_checks.hpp"

namespace xgrad::test {

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return false;
  const auto bytes = static_cast<std::size_t>(a.numel() * size_of(a.dtype()));
  return bytes == 0 || std::memcmp(a.node()->data, b.node()->data, bytes) == 0;
}

Shape shape_of(const Tensor& x) { return x.shape(); }

/// The outputs of f, and the gradients of what of them has one.
template <class F>
Tensors values_and_gradients(const Row& row, const Tensors& inputs, F f) {
  Tensors x = inputs;
  if (differentiable(row))
    for (Tensor& t : x)
      if (is_floating(t.dtype())) t = t.detach().requires_grad_();
  manual_seed(5);
  Tensors all = f(x), outputs;
  for (const Tensor& y : all)
    if (y.requires_grad()) outputs.push_back(y);
  if (outputs.empty()) return all;
  Tensors cotangents;
  for (const Tensor& y : outputs) cotangents.push_back(rand_like(y) - 0.5);
  for (Tensor& g : grad(outputs, floating_of(x), cotangents, {.allow_unused = true}))
    all.push_back(std::move(g));
  return all;
}

/// Writes down the ops of this thread by their names.
struct Names : detail::Listener {
  Names() : Listener(true) {}

  std::map<std::string, std::set<const detail::Op*>> ops;
  std::set<std::string> mute;  // those that cannot be called again

  void hear(const detail::Heard& call) override {
    ops[call.op.name].insert(&call.op);
    if (!call.op.again && !call.op.again_all) mute.insert(call.op.name);
    if (call.op.fields) call.op.fields->list(call.attributes.get());
  }
  void hear_write(const char*, const Tensor&) override {}
};

}  // namespace

namespace {

/// A program of the gradients, too, is right for other inputs: what rules read belongs to the calls that made
/// it.
void check_traced_gradients(const Row& row, const Tensors& first, const Tensors& second, Faults& faults) {
  const auto all = [&](const Tensors& x) {
    Tensors y = values_and_gradients(row, x, row.run);
    std::erase_if(y, [](const Tensor& t) { return !t.defined(); });
    return y;
  };
  try {
    const Tensors direct = all(second);
    if (!std::ranges::equal(all(first), direct, {}, &shape_of, &shape_of)) return;  // they hang on values
    const Program program = trace(all, first);
    manual_seed(5);
    const Tensors again = program.run(second);
    for (std::size_t k = 0; k < direct.size(); ++k)
      if (k >= again.size() || !same_bits(direct[k], again[k])) {
        faults.push_back("a program of its gradients gives other bits for output " + std::to_string(k) +
                         " of " + described(second) + ":\n" + program.str());
        return;
      }
  } catch (const Error& e) {
    faults.push_back("its gradients cannot be traced on " + described(first) + ": " + e.what());
  }
}

/// In a checkpoint it has the same values and gradients, and is found to compute the same again.
void check_in_checkpoint(const Row& row, const Tensors& inputs, const Tensors& direct, Faults& faults) {
  try {
    const Tensors again = values_and_gradients(row, inputs, [&](const Tensors& x) {
      const std::string before = default_generator().state();
      const bool single = row.run(x).size() == 1;
      default_generator().set_state(before);
      return single ? Tensors{checkpoint(row.run, x)} : row.run(x);
    });
    for (std::size_t k = 0; k < direct.size(); ++k)
      if (k >= again.size() || !same_bits(direct[k], again[k])) {
        faults.push_back("a checkpoint of it gives other bits for " + described(inputs));
        return;
      }
  } catch (const Error& e) {
    faults.push_back("a checkpoint of it fails for " + described(inputs) + ": " + e.what());
  }
}

}  // namespace

void check_trace(const Row& row, const std::vector<Shape>& shapes, Faults& faults) {
  if (row.name == "allclose" || row.name == "equal") return;  // a bool of C++ is no tensor
  const Tensors first = make_inputs(row, shapes), second = make_inputs(row, shapes, 1000);
  Program program;
  try {
    program = trace(row.run, first);
  } catch (const Error& e) {
    faults.push_back("it cannot be traced on " + described(first) + ": " + e.what());
    return;
  }
  const Tensors direct = values_and_gradients(row, second, row.run);
  const Tensors again = values_and_gradients(row, second, [&](const Tensors& x) { return program.run(x); });
  for (std::size_t k = 0; k < direct.size(); ++k)
    if (k >= again.size() || !same_bits(direct[k], again[k])) {
      faults.push_back("its program gives other bits for " + described(second) + ":\n" + program.str());
      return;
    }
  check_traced_gradients(row, first, second, faults);
  check_in_checkpoint(row, second, direct, faults);
}

TEST_CASE("no two ops have one name, and each can be called again, those of gradients too") {
  Names heard;
  each_row([](const Row& row) {
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    values_and_gradients(row, make_inputs(row, shapes), row.run);
  });

  CHECK(heard.ops.size() > 200);
  for (const auto& named : heard.ops)
    CHECK_MESSAGE(named.second.size() == 1, named.first, " names several ops");
  for (const std::string& name : heard.mute) CHECK_MESSAGE(false, name, " cannot be called again");
}

}  // namespace xgrad::test
