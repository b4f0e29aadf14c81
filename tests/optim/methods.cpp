// What holds for every method.

#include "optim/methods.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "optim/net.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

using Numbers = std::vector<double>;

/// A matrix and a vector, and gradients that change their signs.
struct TwoTensors {
  Tensor w, b;

  explicit TwoTensors(DType dtype = float64) {
    Generator generator(3);
    w = randn({3, 2}, dtype, generator).requires_grad_();
    b = randn({3}, dtype, generator).requires_grad_();
  }
  std::vector<Tensor> parameters() const { return {w, b}; }
  void set_gradients(int step, double sign = 1) {
    for (Tensor* p : {&w, &b}) {
      Numbers values(static_cast<std::size_t>(p->numel()));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = sign * std::cos(1.0 + 0.7 * static_cast<double>(i) + 1.3 * step);
      p->set_grad(tensor(values, p->shape(), {.dtype = p->dtype()}));
    }
  }
  Numbers values() const {
    Numbers all = w.to_vector<double>();
    for (const double v : b.to_vector<double>()) all.push_back(v);
    return all;
  }
};

double number_of(const StateValue& value) {
  if (const auto* steps = std::get_if<std::int64_t>(&value)) return static_cast<double>(*steps);
  return std::get<double>(value);
}

/// The values after seven steps.
Numbers run(const Method& method, DType dtype, bool maximize = false) {
  TwoTensors both(dtype);
  const auto optimizer = method.make(both.parameters(), maximize);
  for (int i = 0; i < 7; ++i) {
    both.set_gradients(i, maximize ? -1 : 1);
    optimizer->step();
  }
  return both.values();
}

}  // namespace

TEST_CASE("every method that maximizes has the bits of one that minimizes the negative") {
  for (const Method& method : methods())
    for (const DType dtype : {float32, float64}) {
      CAPTURE(method.name);
      CHECK(run(method, dtype, true) == run(method, dtype));
      CHECK(run(method, dtype) != TwoTensors(dtype).values());
    }
}

TEST_CASE("every method steps in float32 as in float64, but for rounding") {
  for (const Method& method : methods()) {
    const Numbers single = run(method, float32), twice = run(method, float64);
    CAPTURE(method.name);
    const Numbers exact = TwoTensors(float64).values(), rounded = TwoTensors(float32).values();
    for (std::size_t i = 0; i < single.size(); ++i)
      CHECK(single[i] - rounded[i] == doctest::Approx(twice[i] - exact[i]).epsilon(1e-3));
  }
}

TEST_CASE("every method leaves a parameter without gradient, and what it remembers of it, as it is") {
  for (const Method& method : methods()) {
    TwoTensors both;
    const Tensor frozen = tensor({5.0, 6.0}, {.requires_grad = true}),
                 matrix = tensor({{5.0, 6.0}}, {.requires_grad = true});
    const auto optimizer =
        method.make(optim::Parameters({{"frozen", frozen}, {"w", both.w}, {"matrix", matrix}}), false);
    const StateDict before = state_dict(*optimizer);
    both.set_gradients(0);

    optimizer->step();

    CAPTURE(method.name);
    CHECK(frozen.to_vector<double>() == Numbers{5, 6});
    CHECK(matrix.to_vector<double>() == Numbers{5, 6});
    const StateDict after = state_dict(*optimizer);
    for (const std::string& name : names_of(before))
      if (name.starts_with("state.frozen") || name.starts_with("state.matrix")) {
        if (const auto* t = std::get_if<Tensor>(&before.at(name)))
          CHECK(after.get<Tensor>(name).to_vector<double>() == t->to_vector<double>());
        else
          CHECK(number_of(after.at(name)) == number_of(before.at(name)));
      }
    CHECK(after.get<std::int64_t>("state.w.step") == 1);
  }
}

TEST_CASE("every method takes parameters and gradients without elements") {
  for (const Method& method : methods())
    for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{2, 0, 2}}) {
      Tensor none = zeros(shape, {.requires_grad = true}), one = ones({1}, {.requires_grad = true});
      none.set_grad(zeros(shape)), one.set_grad(ones({1}));
      const auto optimizer = method.make({none, one}, false);

      CAPTURE(method.name);
      CHECK_NOTHROW(optimizer->step());
      CHECK_NOTHROW(optimizer->step());
      CHECK(one.item() != 1);
      CHECK(std::isfinite(one.item()));
    }
}

TEST_CASE("every method steps a parameter of each rank, by finite numbers and where all gradients are 0") {
  for (const Method& method : methods())
    for (const Shape& shape :
         {Shape{}, Shape{1}, Shape{1, 1}, Shape{4, 1}, Shape{2, 3, 4}, Shape{2, 1, 2, 3}})
      for (const double gradient : {0.0, 0.5}) {
        Tensor p = full(shape, 0.25, {.requires_grad = true});
        const auto optimizer = method.make({p}, false);

        for (int i = 0; i < 3; ++i) p.set_grad(full(shape, gradient)), optimizer->step();

        CAPTURE(method.name);
        for (const double v : p.to_vector<double>()) {
          CHECK(std::isfinite(v));
          if (gradient > 0) CHECK(v < 0.25);
        }
      }
}

TEST_CASE("no method steps an element by another, but for sums: equal elements stay equal at every size") {
  for (const Method& method : methods())
    for (const std::int64_t n : {1, 2, 7, 16, 33, 200000}) {
      Tensor p = full({n}, 1.5, {.requires_grad = true});
      const auto optimizer = method.make({p}, false);

      for (const double g : {0.5, -1.7, 2.3}) p.set_grad(full({n}, g)), optimizer->step();

      CAPTURE(method.name);
      const std::vector<float> all = p.to_vector<float>();
      CHECK(std::all_of(all.begin(), all.end(), [&](float v) { return v == all[0]; }));
    }
}

TEST_CASE("a state of another method does not fit, and nothing changes") {
  for (const Method& method : methods())
    for (const Method& other : methods()) {
      if (method.name == other.name) continue;
      Net net, of_other;
      const auto optimizer = method.make(net, false), saved = other.make(of_other, false);
      learn(net, *optimizer, 2, 1), learn(of_other, *saved, 2, 2);
      const StateDict before = state_dict(*optimizer), model = state_dict(net);

      const std::string message =
          said([&] { load_state_dict(*optimizer, state_dict(*saved), {.strict = false}); });

      CHECK(message.find("'optimizer' is the text '" + other.name + "' in the state, the text '" +
                         method.name + "' in the target") != std::string::npos);
      CHECK(same(*optimizer, before));
      CHECK(same(net, model));
    }
}

TEST_CASE("every method follows its model to another dtype, with what it remembers") {
  for (const Method& method : methods()) {
    Net net;
    const auto optimizer = method.make(net, false);
    learn(net, *optimizer, 2, 1);
    net.to(float64);

    learn(net, *optimizer, 2, 2);

    CAPTURE(method.name);
    const StateDict state = state_dict(*optimizer);
    for (const std::string& name : names_of(state))
      if (const auto* t = std::get_if<Tensor>(&state.at(name))) CHECK(t->dtype() == float64);
    CHECK(state.get<std::int64_t>("state.out.bias.step") == 4);
  }
}

TEST_CASE("every method refuses a gradient of nan where it is asked to, and changes nothing") {
  for (const Method& method : methods()) {
    TwoTensors both;
    const auto optimizer = method.make(both.parameters(), false);
    both.set_gradients(0);
    optimizer->step();
    const Numbers before = both.values();
    const StateDict state = state_dict(*optimizer);
    both.b.set_grad(full({3}, std::nan(""), {.dtype = float64}));

    CHECK(said([&] {
            optimizer->step();
          }).starts_with(method.name + ": the gradient of parameter 1 is not finite: it is f64[3]"));
    CHECK(both.values() == before);
    CHECK(same(*optimizer, state));
  }
}

TEST_CASE("without that choice a nan of a gradient goes into the parameter, of every method") {
  for (const Method& method : methods()) {
    TwoTensors both;
    const auto optimizer = method.make(both.parameters(), false);
    StateDict state = state_dict(*optimizer);
    state.set("param_groups.0.error_if_nonfinite", false);
    load_state_dict(*optimizer, state);
    both.set_gradients(0);
    both.b.set_grad(full({3}, std::nan(""), {.dtype = float64}));

    optimizer->step();

    CAPTURE(method.name);
    CHECK(std::isnan(both.b.to_vector<double>()[0]));
  }
}

#ifndef __SANITIZE_ADDRESS__  // under which every block comes from the system
TEST_CASE("steps of no method ask the system for memory once they run") {
  for (const Method& method : methods()) {
    Tensor w = ones({100, 50}, {.requires_grad = true}), b = ones({100}, {.requires_grad = true});
    w.set_grad(ones({100, 50})), b.set_grad(ones({100}));
    const auto optimizer = method.make({w, b}, false);
    optimizer->step();
    const auto before = memory_stats();

    for (int i = 0; i < 10; ++i) optimizer->step();

    CAPTURE(method.name);
    CHECK(memory_stats().system_calls == before.system_calls);
    CHECK(memory_stats().reserved_bytes == before.reserved_bytes);
  }
}
#endif

TEST_CASE("the rate of every method is one number, wherever it is read or set") {
  for (const Method& method : methods()) {
    TwoTensors both;
    const auto optimizer = method.make(both.parameters(), false);

    optimizer->set_lr(0.125);

    CAPTURE(method.name);
    CHECK(optimizer->lr() == 0.125);
    CHECK(state_dict(*optimizer).get<double>("param_groups.0.lr") == 0.125);
    CHECK(said([&] { optimizer->set_lr(-1); }) == method.name + ": lr must be at least 0 and finite: got -1");
    CHECK(optimizer->lr() == 0.125);
  }
}

TEST_CASE("every method makes the same bits on two threads as on one") {
  const int before = num_threads();
  for (const Method& method : methods()) {
    const auto run_on = [&](int threads) {
      set_num_threads(threads);
      Generator generator(5);
      Tensor p = randn({200000}, float32, generator).requires_grad_(),
             w = randn({500, 400}, float32, generator).requires_grad_();
      const auto optimizer = method.make({p, w}, false);
      for (int i = 0; i < 2; ++i) {
        p.set_grad(randn({200000}, float32, generator)), w.set_grad(randn({500, 400}, float32, generator));
        optimizer->step();
      }
      return std::pair{p.to_vector<float>(), w.to_vector<float>()};
    };

    CAPTURE(method.name);
    CHECK(run_on(1) == run_on(2));
  }
  set_num_threads(before);
}
