#include <doctest/doctest.h>

#include <memory>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

TEST_CASE("a program is the calls of a function, without what nobody needs") {
  const Tensor x = tensor(V{1, 2}), w = tensor(V{3, 4}, {.requires_grad = true});

  const Program p = trace(
      [&](const Tensor& t) {
        exp(t);  // not needed
        return tanh(t * w) + 2;
      },
      {x});

  CHECK(p.str() ==
        "%0: f64[2] = input\n"
        "%1: f64[2] = constant\n"
        "%2: f64[2] = mul(%0, %1)\n"
        "%3: f64[2] = tanh(%2)\n"
        "%4: f64[2] = add_number(%3) number=2\n"
        "return %4\n");
  CHECK(p.calls().size() == 3);
  CHECK(p.calls()[2].attributes[0].name == "number");
  CHECK(std::get<std::int64_t>(p.calls()[2].attributes[0].value) == 2);
  CHECK(p.values()[1].constant.node() == w.node());
}

TEST_CASE("a program is recorded and gives gradients to its inputs and its constants") {
  const Tensor w = tensor(V{3, 4}, {.requires_grad = true});
  const Program p = trace([&](const Tensor& t) { return sum(square(t) * w); }, {tensor(V{1, 2})});
  const Tensor x = tensor(V{5, 6}, {.requires_grad = true});

  p.run({x})[0].backward();

  CHECK(x.grad().to_vector<double>() == V{30, 48});
  CHECK(w.grad().to_vector<double>() == V{25, 36});
}

TEST_CASE("a program reads its constants when it runs") {
  Tensor w = tensor(V{3, 4});
  const Program p = trace([&](const Tensor& t) { return t * w; }, {tensor(V{1, 2})});

  w.fill_(10);

  CHECK(p.run({tensor(V{1, 2})})[0].to_vector<double>() == V{10, 20});
}

TEST_CASE("a constant that is written while tracing keeps what was read") {
  Tensor w = tensor(V{3, 4});
  Trace trace;
  const Tensor x = tensor(V{1, 2}), y = x * w;
  w.fill_(10);
  const Program p = trace.program({x}, {y});

  CHECK(p.run({x})[0].to_vector<double>() == V{3, 8});
}

TEST_CASE("a result that is written in place while tracing is an Error where it is needed, and only there") {
  const auto f = [](const Tensor& t) {
    Tensor y = (t * 2).detach();
    y += 1;
    return y * 3;
  };
  const auto g = [](const Tensor& t) {
    Tensor y = (t * 2).detach();
    y += 1;
    return t * 3;
  };

  CHECK_THROWS_WITH_AS(
      trace(f, {tensor(V{1, 2})}),
      "trace: a value was changed in place by add_, which no program repeats: f64[2]; compute a "
      "new tensor instead",
      Error);
  CHECK(trace(g, {tensor(V{1, 2})}).run({tensor(V{5, 6})})[0].to_vector<double>() == V{15, 18});
}

TEST_CASE("a program of gradients gives the gradients at other places") {
  const auto slope = [](const Tensor& t) {
    const Tensor x = t.detach().requires_grad_();
    return grad(sum(x * x * x + x * x), {x})[0];
  };

  const Program p = trace(slope, {tensor(V{1, 2})});

  CHECK(p.run({tensor(V{3, -1})})[0].to_vector<double>() == V{33, 1});  // 3 x^2 + 2 x
}

TEST_CASE("random numbers are drawn anew, the same ones after the same seed, also those that nobody needs") {
  const auto f = [](const Tensor& t) {
    rand({3});
    return t * rand_like(t) + dropout(t, 0.5);
  };
  const Tensor x = tensor(V{1, 2, 3, 4});
  const Program p = trace(f, {x});

  manual_seed(3);
  const V direct = f(x).to_vector<double>();
  manual_seed(3);
  const V again = p.run({x})[0].to_vector<double>();

  CHECK(again == direct);
  CHECK(p.run({x})[0].to_vector<double>() != direct);
}

TEST_CASE("a checkpoint is heard as what it computes, and a custom op as itself") {
  const auto cube = custom_op(
      "cube", [](NoState&, const Tensor& x) { return x * x * x; },
      [](const CustomCall<NoState>& c, const Tensor& g) { return 3 * g * square(c.x(0)); });
  const auto f = [&](const Tensor& t) {
    return checkpoint([&](const Tensor& u) { return cube(u) + 1; }, t.detach().requires_grad_());
  };

  const Program p = trace(f, {tensor(V{1, 2})});

  CHECK(p.run({tensor(V{3, 4})})[0].to_vector<double>() == V{28, 65});
  CHECK(p.str().find("= cube(") != std::string::npos);
}

TEST_CASE("a program refuses inputs that are not as traced") {
  const Program p = trace([](const Tensor& a, const Tensor& b) { return a + b; }, {ones({2}), ones({2})});

  CHECK_THROWS_WITH_AS(p.run({ones({2})}), "Program: it needs 2 inputs: there are 1", Error);
  CHECK_THROWS_WITH_AS(
      p.run({ones({2}), ones({3})}),
      "Program: input 1 must be as it was traced, f32[2]: it is f32[3]; trace the function again", Error);
}

TEST_CASE("an output that no op has made is an Error, and an input may be an output") {
  const Tensor c = ones({2});

  CHECK_THROWS_WITH_AS(
      trace([&](const Tensor&) { return c; }, {ones({2})}),
      "trace: output 0 was made by no op that was heard: it is f32[2]; compute it from the inputs "
      "while the trace lives",
      Error);
  const Program p = trace([](const Tensor& t) { return t; }, {ones({2})});
  CHECK(p.run({full({2}, 3.0)})[0].to_vector<double>() == V{3, 3});
}

TEST_CASE("traces nest, and each hears from its making to its end") {
  const Tensor x = tensor(V{1, 2});
  const Trace outer;
  const Tensor a = x * 2;
  Program inside = [&] {
    const Trace inner;
    const Tensor b = a + 1;
    return inner.program({a}, {b});
  }();
  const Tensor c = exp(a);

  CHECK(inside.calls().size() == 1);
  CHECK(outer.program({x}, {c}).calls().size() == 2);
}

TEST_CASE("a program holds no result of the traced call") {
  const std::int64_t before = memory_stats().live_nodes;
  const Tensor w = tensor(V{3, 4}, {.requires_grad = true});

  const Program p = trace([&](const Tensor& t) { return sum(exp(t * w)); }, {tensor(V{1, 2})});

  CHECK(memory_stats().live_nodes == before);
  CHECK(p.run({tensor(V{1, 2})}).size() == 1);
}

TEST_CASE("what a function computes unrecorded, its program computes unrecorded") {
  const auto within = [](const Tensor& t) {
    const Tensor s = [&] {
      const NoGrad guard;
      return t * t;
    }();
    return sum(s * t);
  };
  const auto slope = [](const Tensor& t) { return sum(grad(sum(t * t), {t})[0] * t); };
  const Tensor x = tensor(V{1, 2}, {.requires_grad = true});

  const auto gradient_at = [](const Program& p, const V& at) {
    const Tensor a = tensor(at, {.requires_grad = true});
    p.run({a})[0].backward();
    return a.grad().to_vector<double>();
  };

  CHECK(gradient_at(trace(within, {x}), {3, 4}) == V{9, 16});  // t^2, and not 3 t^2
  CHECK(gradient_at(trace(slope, {x}), {3, 4}) == V{6, 8});    // 2 t, and not 4 t
}

TEST_CASE("the program of a checkpoint passes gradients on, to inputs and to what it captures") {
  const Tensor w = tensor(V{5, 6}, {.requires_grad = true}), a = tensor(V{1, 2}, {.requires_grad = true});
  const auto f = [&](const Tensor& x) {
    return sum(checkpoint([&](const Tensor& t) { return t * t * w; }, x) + x);
  };

  trace(f, {a}).run({a})[0].backward();

  CHECK(a.grad().to_vector<double>() == V{11, 25});  // 2 x w + 1
  CHECK(w.grad().to_vector<double>() == V{1, 4});
}

TEST_CASE("a state that is loaded while tracing is a write") {
  struct Holder {
    Tensor w;
    void visit(Visitor& v) { v("w", w); }
  };
  Holder h{tensor(V{1, 1})};
  StateDict state;
  state.set("w", tensor(V{3, 3}));
  const Tensor x = tensor(V{1, 2});

  const Trace trace;
  const Tensor a = x * h.w;
  load_state_dict(h, state);
  const Tensor b = a + h.w;

  CHECK(trace.program({x}, {a}).run({x})[0].to_vector<double>() == V{1, 2});
  CHECK_THROWS_WITH_AS(
      trace.program({x}, {b}),
      "trace: a value was changed in place by a load, which no program repeats: f64[2]; compute a "
      "new tensor instead",
      Error);
}

TEST_CASE("traces may end in any order") {
  auto a = std::make_unique<Trace>(), b = std::make_unique<Trace>();
  a.reset();
  const Tensor x = tensor(V{1, 2}), y = x * 2;
  CHECK(b->program({x}, {y}).calls().size() == 1);
  b.reset();

  auto t = std::make_unique<Trace>();
  t = std::make_unique<Trace>();
  const Tensor z = x * 3;

  CHECK(t->program({x}, {z}).calls().size() == 1);
}

TEST_CASE("a program names what is wrong with its inputs and outputs") {
  const Tensor x = tensor(V{1, 2});

  CHECK_THROWS_WITH_AS(
      trace([](const Tensor& a, const Tensor& b) { return a - b; }, {x, x}),
      "trace: input 1 is the same tensor as an earlier one: it is f64[2]; pass a clone() to keep "
      "them apart",
      Error);
  CHECK_THROWS_WITH_AS(trace([](const Tensor&) { return Tensor(); }, {x}),
                       "trace: output 0 is undefined; leave it out", Error);
  CHECK_THROWS_WITH_AS(
      trace(
          [](const Tensor& a) {
            Tensor b = a * 2;
            b += a;
            return b;
          },
          {x}),
      "trace: output 0 was changed in place by add_, which no program repeats: f64[2]; compute a "
      "new tensor instead",
      Error);
}

TEST_CASE(
    "calls and values of a temporary program are there for a loop, with the names of ops that are gone") {
  std::string names;
  std::vector<Program::Call> calls;
  {
    const CustomOp op = custom_op(
        "an op that is gone", [](NoState&, const Tensor& x) { return x * 2; },
        [](const CustomCall<NoState>&, const Tensor& g) { return g * 2; });
    const auto f = [&](const Tensor& x) { return op(exp(x)); };

    for (const auto& c : trace(f, {tensor(V{1, 2})}).calls()) names += c.op + ";";
    calls = trace(f, {tensor(V{1, 2})}).calls();
  }

  CHECK(names == "exp;an op that is gone;");
  CHECK(calls[1].op == "an op that is gone");
  CHECK(trace([](const Tensor& x) { return exp(x); }, {tensor(V{1, 2})}).values().size() == 2);
}

TEST_CASE("an output that a rule reads, too, is one value") {
  const Program p = trace([](const Tensor& x) { return argsort(x); }, {tensor({3.0, 1.0, 2.0})});

  CHECK(p.outputs() == std::vector<std::size_t>{p.calls().at(0).outputs.at(1)});
  CHECK(p.run({tensor({1.0, 3.0, 2.0})})[0].to_vector<int>() == std::vector<int>{0, 2, 1});
}
