#include <doctest/doctest.h>

#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

namespace {
Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }
}  // namespace

TEST_CASE("checkpoint gives the value and the gradients of the plain call, of captured leaves too") {
  const Tensor x = leaf({0.5, -1}), w = leaf({2, 3});
  const auto f = [&w](const Tensor& t) { return tanh(t * w) * t; };
  sum(f(x)).backward();
  const V gx = x.grad().to_vector<double>(), gw = w.grad().to_vector<double>();
  Tensor x2 = leaf({0.5, -1});
  Tensor(w).zero_grad();

  const Tensor y = checkpoint(f, x2);
  sum(y).backward();

  CHECK(y.to_vector<double>() == f(x).to_vector<double>());
  CHECK(x2.grad().to_vector<double>() == gx);
  CHECK(w.grad().to_vector<double>() == gw);
}

TEST_CASE("checkpoint keeps one node for the whole segment") {
  const Tensor x = leaf({0.5, -1});
  const std::int64_t before = memory_stats().live_nodes;

  const Tensor y = checkpoint(
      [](Tensor t) {
        for (int i = 0; i < 100; ++i) t = tanh(t);
        return t;
      },
      x);

  CHECK(memory_stats().live_nodes - before == 1);
  sum(y).backward();
  CHECK(memory_stats().live_nodes == before);
}

TEST_CASE("checkpoint replays random numbers and leaves the stream as it was") {
  const Tensor x = leaf({1, 1, 1, 1});
  const auto noisy = [](const Tensor& t) { return t * rand_like(t); };
  manual_seed(3);
  const V expected = noisy(x).detach().to_vector<double>();
  const V next = rand({2}).to_vector<double>();
  manual_seed(3);

  const Tensor y = checkpoint(noisy, x);
  sum(y).backward();

  CHECK(x.grad().to_vector<double>() == expected);
  CHECK(rand({2}).to_vector<double>() == next);
}

TEST_CASE("checkpoint can be differentiated twice and nests") {
  const auto f = [](const Tensor& t) {
    return checkpoint(
        [](const Tensor& u) { return checkpoint([](const Tensor& v) { return tanh(v); }, u * u); }, t);
  };

  const auto result = gradcheck(f, {tensor(V{0.3, -0.7})}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
}

TEST_CASE("checkpoint without recording is the plain call") {
  const NoGrad guard;

  CHECK(checkpoint([](const Tensor& t) { return t * 2; }, leaf({1, 2})).to_vector<double>() == V{2, 4});
}

TEST_CASE("checkpoint of a function with several outputs is an error") {
  CHECK_THROWS_WITH_AS(checkpoint(
                           [](const Tensor& t) {
                             return std::vector<Tensor>{t, t};
                           },
                           leaf({1})),
                       "checkpoint: the function must return one tensor: it returned 2", Error);
}

TEST_CASE("implicit_root differentiates through a solver by the implicit function theorem, twice") {
  // x^2 = p, found by Newton's iteration on plain numbers: dx/dp = 1 / (2 sqrt(p)).
  const auto root = [](const Tensor& p) {
    return implicit_root([](const Tensor& x, const Tensor& q) { return x * x - q; },
                         [](const Tensor& q) {
                           Tensor x = ones_like(q);
                           for (int i = 0; i < 50; ++i) x = 0.5 * (x + q / x);
                           return x;
                         },
                         {p});
  };

  const auto result = gradcheck(root, {tensor(V{2, 9, 0.5})}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
  const Tensor p = leaf({9});
  root(p).backward();
  CHECK(p.grad().item() == doctest::Approx(1.0 / 6).epsilon(1e-14));
}

TEST_CASE(
    "checkpoint has the same gradients under create_graph where inputs are made of each other, or are one") {
  const Tensor x = leaf({0.5, -1}), w = leaf({2, 3});
  const auto product = [](const std::vector<Tensor>& v) { return v[0] * v[1]; };

  const auto of_power = [&](const Tensor& a) { return checkpoint(product, {a, a * a}); };  // x^3
  const auto of_one = [&](const Tensor& a) { return checkpoint(product, {a, a}); };        // x^2
  const auto of_captured = [&](const Tensor& a) {                                          // w^2 x
    return checkpoint([&w](const Tensor& b) { return b * w; }, a * w);
  };
  const auto slopes = [](const Tensor& y, const Tensor& a) {
    const Tensor first = grad(sum(y), {a}, {.create_graph = true})[0];
    return std::pair(first.to_vector<double>(), grad(sum(first), {a})[0].to_vector<double>());
  };

  CHECK(slopes(of_power(x), x) == std::pair(V{0.75, 3}, V{3, -6}));
  CHECK(slopes(of_one(x), x) == std::pair(V{1, -2}, V{2, 2}));
  CHECK(slopes(of_captured(x), w) == std::pair(V{2, -6}, V{1, -2}));
}

TEST_CASE("checkpoint refuses a function that computes something else the second time") {
  const Tensor x = leaf({1, 2, 3, 4, 5, 6, 7, 8});
  Generator own(3);
  const Tensor scale = tensor(V{2});

  const Tensor dropped = checkpoint([&](const Tensor& t) { return dropout(t, 0.5, true, own); }, x);
  const Tensor scaled = checkpoint([&](const Tensor& t) { return t * scale; }, x);
  Tensor(scale).fill_(3);

  for (const Tensor& y : {dropped, scaled})
    CHECK_THROWS_WITH_AS(
        sum(y).backward(),
        "checkpoint: the function computed something else when backward called it again: f64[8] then, f64[8] "
        "at first; let it draw from the default generator only, compute on this thread, and change nothing "
        "that it reads before backward",
        Error);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("checkpoint sees a change that zeros hide from the value") {
  const Tensor x = leaf({1, 2}), w = leaf({0, 0});
  Generator own(3);
  const Tensor scale = tensor(V{2});

  const Tensor scaled = checkpoint([&](const Tensor& t) { return w * (scale * 1) * t; }, x);
  Tensor(scale).fill_(3);

  CHECK_THROWS_AS(sum(scaled).backward(), Error);
  int refused = 0;  // a draw may give the same mask again
  for (int i = 0; i < 20; ++i) {
    try {
      sum(checkpoint([&](const Tensor& t) { return w * dropout(t, 0.5, true, own); }, x)).backward();
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 5);
}

TEST_CASE("a captured tensor that was computed has its gradient, its hooks and its own history") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor h = w * w;  // {9, 16}
  retain_grad(h);
  int calls = 0;
  register_hook(h, [&](const Tensor& g) { return ++calls, g; });
  const auto f = [&](const Tensor& t) { return t * h * w; };

  const Tensor y = sum(checkpoint(f, x)) + sum(h);
  const V dh = grad(y, {h}, {.retain_graph = true})[0].to_vector<double>();
  calls = 0;
  y.backward();

  CHECK(dh == V{4, 9});  // x w + 1
  CHECK(calls == 1);
  CHECK(h.grad().to_vector<double>() == V{4, 9});
  CHECK(w.grad().to_vector<double>() == V{33, 104});  // x h + 2 w (x w + 1)
  CHECK(x.grad().to_vector<double>() == V{27, 64});   // h w
}

TEST_CASE("second derivatives go through what a checkpoint captured") {
  const auto f = [](const std::vector<Tensor>& in) {
    const Tensor h = in[1] * in[1];
    return checkpoint([h, w = in[1]](const Tensor& t) { return tanh(t * h) * w; }, in[0]) * h;
  };

  const auto result = gradcheck(f, {tensor(V{0.3, -0.7}), tensor(V{0.5, 1.25})}, {.order = 2});

  CHECK_MESSAGE(result.ok(), result.str());
}

TEST_CASE("checkpoint lets batch_norm update its running statistics once") {
  const Tensor x = tensor({{1.0, 2.0}, {3.0, 6.0}}, {.requires_grad = true});
  const Tensor mean = tensor({0.0, 0.0}), var = tensor({1.0, 1.0});
  const auto f = [&](const Tensor& t) {
    return square(batch_norm(t, mean, var, {}, {}, {.training = true, .momentum = 0.5}));
  };

  sum(checkpoint(f, x)).backward();

  CHECK(mean.to_vector<double>() == V{1, 2});     // (0 + {2, 4}) / 2
  CHECK(var.to_vector<double>() == V{1.5, 4.5});  // (1 + {2, 8}) / 2
}

TEST_CASE("a checkpoint that moves the generator on the way draws the same numbers again") {
  const auto noisy = [](const Tensor& a) {
    const Tensor y = a * rand_like(a);
    default_generator().set_state(Generator(5));
    return y * rand_like(a);
  };
  const Tensor x = leaf({1, 1, 1});
  manual_seed(3);

  const Tensor y = checkpoint(noisy, x);
  manual_seed(4);
  sum(y).backward();

  CHECK(x.grad().to_vector<double>() == y.to_vector<double>());  // both are the product of what was drawn
}

TEST_CASE("a hook of a leaf that a checkpoint captures runs once, on the summed gradient") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  int calls = 0;
  register_hook(w, [&](const Tensor& g) { return ++calls, g * 10; });

  sum(checkpoint([&](const Tensor& t) { return t * w; }, x) + w).backward();

  CHECK(calls == 1);
  CHECK(w.grad().to_vector<double>() == V{20, 30});  // 10 (x + 1)
}

TEST_CASE("implicit_root refuses a residual that captures what requires a gradient") {
  const Tensor a = leaf({4}), scale = leaf({1});
  const auto residual = [&](const Tensor& x, const Tensor& p) { return (x * x - p) * scale; };
  const Tensor x = implicit_root(residual, [](const Tensor& p) { return sqrt(p); }, {a});

  CHECK_THROWS_WITH_AS(sum(x).backward(),
                       "implicit_root: the residual reads a tensor that requires a gradient and is none of "
                       "its parameters: f64[1]; pass it as one, or its detach()",
                       Error);
}

TEST_CASE("a checkpoint whose value has no gradient requires none") {
  const Tensor x = leaf({1, 2});

  CHECK_FALSE(checkpoint([](const Tensor& t) { return (t > 1).to(float64); }, x).requires_grad());
}

TEST_CASE("a checkpoint refuses a function that lets go of what its value is made of") {
  const Tensor x = leaf({3}), w = leaf({2});
  const auto freed = [&](const Tensor& t) {
    const Tensor h = t * w, g = grad(sum(h), {t})[0];
    return h * 2 + t * g;
  };
  const auto kept = [&](const Tensor& t) {
    const Tensor h = t * w, g = grad(sum(h), {t}, {.retain_graph = true})[0];
    return h * 2 + t * g;
  };

  CHECK_THROWS_WITH_AS(
      checkpoint(freed, x),
      "checkpoint: the function has differentiated and let go of mul, which its value is made "
      "of; pass {.retain_graph = true} or {.create_graph = true} to grad there",
      Error);
  sum(checkpoint(kept, x)).backward();
  CHECK(x.grad().item() == 6);
  CHECK(w.grad().item() == 6);
}
