// Large work of every family gives the same bits on 1, 2, 3 and 8 threads: values, gradients, steps.

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <thread>

#include "core/threads/threads.hpp"

using namespace xgrad;

namespace {

using Results = std::vector<Tensor>;

/// Random numbers that require a gradient.
Tensor leaf(const Shape& shape, std::uint64_t seed, DType dtype = float32) {
  return rand(shape, {.dtype = dtype}, Generator(seed)).requires_grad_();
}

/// y and the gradients of the inputs, from a random cotangent.
Results with_gradients(const Tensor& y, const std::vector<Tensor>& inputs) {
  const Tensor g = randn(y.shape(), {.dtype = y.dtype()}, Generator(99));
  Results all = grad(sum(y * g), inputs);
  all.push_back(y.detach());
  return all;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  const auto bytes = static_cast<std::size_t>(a.numel()) * static_cast<std::size_t>(size_of(a.dtype()));
  return std::memcmp(a.node()->data, b.node()->data, bytes) == 0;
}

struct Work {
  const char* name;
  Results (*run)();
};

void check(const Work& work) {
  const std::string name = work.name;
  CAPTURE(name);
  Results first;
  for (const int threads : {1, 2, 3, 8}) {
    CAPTURE(threads);
    const Threads guard(threads);
    Results now = work.run();
    if (first.empty()) first = now;
    REQUIRE(now.size() == first.size());
    for (std::size_t i = 0; i < now.size(); ++i) {
      CAPTURE(i);
      CHECK(same_bits(now[i], first[i]));
    }
  }
}

const Work elementwise[] = {
    {"arithmetic",
     [] {
       const Tensor a = leaf({300, 701}, 1), b = leaf({300, 701}, 2);
       return with_gradients(a * b + a / (b + 1) - 2 * a, {a, b});
     }},
    {"a row and a column, broadcast",
     [] {
       const Tensor a = leaf({300, 701}, 1), b = leaf({701}, 2), c = leaf({300, 1}, 3);
       return with_gradients(a * b - maximum(a, c), {a, b, c});
     }},
    {"outer broadcast of short lines",
     [] {
       const Tensor a = leaf({70000, 1, 3}, 1), b = leaf({2, 3}, 2);
       return with_gradients(a * b, {a, b});
     }},
    {"short lines, broadcast and reduced",
     [] {
       const Tensor a = leaf({30011, 10}, 1), b = leaf({10}, 2), c = leaf({30011, 1}, 3);
       const Tensor d = (a - b) * c;
       return with_gradients(softmax(d, 1) + sum(d, {1}, true) + logsumexp(d, {1}, true) + amax(d, {1}, true),
                             {a, b, c});
     }},
    {"transcendental",
     [] {
       const Tensor a = leaf({210007}, 1, float64);
       return with_gradients(tanh(a) * exp(a) + log(a + 1) * sigmoid(a), {a});
     }},
    {"selection and comparison",
     [] {
       const Tensor a = leaf({410, 501}, 1), b = leaf({501}, 2);
       return with_gradients(where(a > b, a, b) + relu(a - 0.5) + clamp(a, 0.2, 0.8), {a, b});
     }},
    {"integers",
     [] {
       const Tensor a = randint(0, 1000, {300000}, {}, Generator(1));
       return Results{a * 3 + a, (a > 500).to(int64), sum(a)};
     }},
};

const Work lines[] = {
    {"sums over all axes, the first, the last, the middle",
     [] {
       const Tensor a = leaf({61, 70, 93}, 1);
       Results all = with_gradients(sum(a) + mean(a, 0).sum() + sum(a, {1}).sum() + sum(a, {-1}).sum(), {a});
       for (int axis = 0; axis < 3; ++axis) all.push_back(sum(a.detach(), {axis}));
       return all;
     }},
    {"a long sum",
     [] {
       return Results{sum(leaf({6000001}, 1).detach()), mean(leaf({1000003}, 1).detach())};
     }},
    {"few columns and many",
     [] {
       return Results{sum(leaf({100000, 5}, 1).detach(), {0}), sum(leaf({40, 9000}, 2).detach(), {0})};
     }},
    {"extrema, variance, norms",
     [] {
       const Tensor a = leaf({300, 900}, 1);
       return with_gradients(amax(a, 1) + amin(a, 1) + var(a, 1) + logsumexp(a, 1), {a});
     }},
    {"softmax over the last axis and another",
     [] {
       const Tensor a = leaf({900, 300}, 1), b = leaf({40, 30, 200}, 2);
       Results all = with_gradients(softmax(a, 1) + log_softmax(a, 1), {a});
       for (const Tensor& r : with_gradients(softmax(b, 1), {b})) all.push_back(r);
       return all;
     }},
    {"cross_entropy",
     [] {
       const Tensor a = leaf({3000, 100}, 1), t = randint(0, 100, {3000}, {}, Generator(2));
       return with_gradients(cross_entropy(a, t), {a});
     }},
    {"layer_norm",
     [] {
       const Tensor a = leaf({700, 300}, 1), w = leaf({300}, 2), b = leaf({300}, 3);
       return with_gradients(layer_norm(a, {300}, w, b), {a, w, b});
     }},
    {"attention by weights and by blocks",
     [] {
       const Tensor a = leaf({6, 180, 40}, 1), b = leaf({6, 180, 40}, 2), c = leaf({6, 500, 40}, 3);
       Results all = with_gradients(scaled_dot_product_attention(a, b, a, {.is_causal = true}), {a, b});
       for (const Tensor& r : with_gradients(scaled_dot_product_attention(c, c, c), {c})) all.push_back(r);
       const Tensor d = leaf({1, 1100, 40}, 4), e = leaf({3, 700, 40}, 5);
       for (const Tensor& x : {d, e})
         for (const bool causal : {false, true})
           for (const Tensor& r :
                with_gradients(scaled_dot_product_attention(x, x, x, {.is_causal = causal}), {x}))
             all.push_back(r);
       return all;
     }},
    {"recurrent cells and linear with an activation",
     [] {
       const Tensor a = leaf({500, 400}, 1), b = leaf({500, 400}, 2), c = leaf({500, 100}, 3),
                    w = leaf({400, 400}, 4), d = leaf({400}, 5);
       const LstmState s = lstm_cell(a, b, c);
       Results all = with_gradients(s.h + s.c, {a, c});
       for (const Tensor& r : with_gradients(rnn_cell(a, b, w), {a, b, w})) all.push_back(r);
       for (const Tensor& r : with_gradients(linear(a, w, d, Activation::sigmoid), {a, w, d}))
         all.push_back(r);
       return all;
     }},
};

const Work sequences[] = {
    {"lstm, gru and rnn, parts of whose batch go through all steps by themselves",
     [] {
       Results all;
       for (const std::int64_t batch : {6, 70}) {
         const Tensor x = leaf({9, batch, 40}, 1), h = leaf({batch, 120}, 2), c = leaf({batch, 120}, 3);
         const Tensor lengths = randint(0, 10, {batch}, {}, Generator(4));
         const auto weights = [](std::int64_t gates) {
           return std::vector<Tensor>{leaf({gates * 120, 40}, 5), leaf({gates * 120, 120}, 6),
                                      leaf({gates * 120}, 7), leaf({gates * 120}, 8)};
         };
         for (const RecurrentOptions& o :
              {RecurrentOptions{}, RecurrentOptions{.reverse = true, .lengths = lengths}}) {
           std::vector<Tensor> w = weights(4);
           const LstmResult y = lstm(x, {h, c}, w[0], w[1], w[2], w[3], o);
           for (const Tensor& r : with_gradients(y.outputs + y.state.c, {x, h, c, w[0], w[1], w[2], w[3]}))
             all.push_back(r);
           w = weights(3);
           for (const Tensor& r :
                with_gradients(gru(x, h, w[0], w[1], w[2], w[3], o).outputs, {x, h, w[0], w[1], w[2], w[3]}))
             all.push_back(r);
           w = weights(1);
           for (const Tensor& r :
                with_gradients(rnn(x, h, w[0], w[1], w[2], w[3], Activation::tanh, o).outputs,
                               {x, h, w[0], w[1], w[2], w[3]}))
             all.push_back(r);
         }
       }
       return all;
     }},
};

const Work moves[] = {
    {"transposition and permutation",
     [] {
       const Tensor a = leaf({411, 503}, 1), b = leaf({40, 60, 90}, 2);
       Results all = with_gradients(transpose(a, 0, 1), {a});
       for (const Tensor& r : with_gradients(permute(b, {2, 0, 1}), {b})) all.push_back(r);
       return all;
     }},
    {"cat, stack, expand, flip",
     [] {
       const Tensor a = leaf({300, 501}, 1);
       return with_gradients(cat({a, flip(a, {1}), a}, 1), {a});
     }},
    {"rows by index",
     [] {
       const Tensor a = leaf({500, 256}, 1), i = randint(0, 500, {2000}, {}, Generator(2));
       return with_gradients(index_select(a, 0, i), {a});
     }},
};

const Work products[] = {
    {"matmul in all orientations",
     [] {
       const Tensor a = leaf({300, 500}, 1), b = leaf({500, 401}, 2), c = leaf({401, 300}, 3);
       return with_gradients(gemm(matmul(a, b), matmul(b, c), true, true), {a, b, c});
     }},
    {"linear, few rows and a long sum",
     [] {
       const Tensor x = leaf({64, 784}, 1), w = leaf({512, 784}, 2), b = leaf({512}, 3);
       return with_gradients(relu(linear(x, w, b)), {x, w, b});
     }},
    {"float64",
     [] {
       const Tensor a = leaf({257, 260}, 1, float64), b = leaf({260, 259}, 2, float64);
       return with_gradients(matmul(a, b), {a, b});
     }},
    {"matrices and vectors",
     [] {
       Results all;
       for (const Shape& shape : {Shape{5003, 100}, {600, 3001}}) {
         const Tensor a = leaf(shape, 1), x = leaf({shape[1]}, 2), y = leaf({shape[0]}, 3);
         for (const Tensor& r : with_gradients(matmul(a, x), {a, x})) all.push_back(r);
         for (const Tensor& r : with_gradients(matmul(y, a), {a, y})) all.push_back(r);
       }
       return all;
     }},
    {"batches, shared and not",
     [] {
       const Tensor a = leaf({6, 4, 90, 80}, 1), b = leaf({4, 80, 95}, 2);
       return with_gradients(matmul(a, b), {a, b});
     }},
    {"conv2d and pooling",
     [] {
       const Tensor x = leaf({32, 8, 28, 28}, 1), w = leaf({16, 8, 5, 5}, 2), b = leaf({16}, 3);
       return with_gradients(max_pool2d(conv2d(x, w, b, {.padding = 2}), 2), {x, w, b});
     }},
    {"conv2d with strides and groups",
     [] {
       const Tensor x = leaf({32, 8, 28, 28}, 1), w = leaf({16, 4, 5, 5}, 2), b = leaf({16}, 3);
       return with_gradients(max_pool2d(conv2d(x, w, b, {.stride = 2, .groups = 2}), 3), {x, w, b});
     }},
};

/// Three steps of a network, with an optimizer.
template <class Optimizer, class Options>
Results train(Options options) {
  const Tensor x = rand({128, 600}, {}, Generator(1)), t = randint(0, 10, {128}, {}, Generator(2));
  Generator g(3);
  Tensor w = (rand({400, 600}, {}, g) * 0.1 - 0.05).requires_grad_();
  Tensor v = (rand({10, 400}, {}, g) * 0.1 - 0.05).requires_grad_();
  Optimizer optimizer({w, v}, options);
  for (int i = 0; i < 3; ++i) {
    const Tensor loss = cross_entropy(linear(relu(linear(x, w, {})), v, {}), t);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  return {w.detach(), v.detach(), w.grad()};
}

const Work optimizers[] = {
    {"GD", [] { return train<optim::GD>(optim::GdOptions{.lr = 0.1}); }},
    {"SGD",
     [] { return train<optim::SGD>(optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}); }},
    {"Adam", [] { return train<optim::Adam>(optim::AdamOptions{.weight_decay = 0.01, .amsgrad = true}); }},
    {"RMSprop",
     [] { return train<optim::RMSprop>(optim::RmspropOptions{.momentum = 0.5, .centered = true}); }},
};

}  // namespace

TEST_CASE("elementwise passes have the same bits for any number of threads") {
  for (const Work& work : elementwise) check(work);
}
TEST_CASE("reductions and lines have the same bits for any number of threads") {
  for (const Work& work : lines) check(work);
}
TEST_CASE("sequences have the same bits for any number of threads") {
  for (const Work& work : sequences) check(work);
}
TEST_CASE("copies and gathers have the same bits for any number of threads") {
  for (const Work& work : moves) check(work);
}
TEST_CASE("products have the same bits for any number of threads") {
  for (const Work& work : products) check(work);
}
TEST_CASE("training steps have the same bits for any number of threads") {
  for (const Work& work : optimizers) check(work);
}

TEST_CASE("two threads of the program that train at once get what one gets alone") {
  const Threads guard(2);
  const Results alone = train<optim::Adam>(optim::AdamOptions{});
  Results both[2];

  std::thread a([&] { both[0] = train<optim::Adam>(optim::AdamOptions{}); });
  std::thread b([&] { both[1] = train<optim::Adam>(optim::AdamOptions{}); });
  a.join();
  b.join();

  for (const Results& r : both)
    for (std::size_t i = 0; i < alone.size(); ++i) CHECK(same_bits(r[i], alone[i]));
}

TEST_CASE("the blocks of a matrix times a vector make the whole") {
  const Tensor a = rand({5003, 100}, {.dtype = float64}, Generator(1));
  const Tensor x = rand({100}, {.dtype = float64}, Generator(2)),
               y = rand({5003}, {.dtype = float64}, Generator(3));

  CHECK(amax(abs(matmul(a, x) - sum(a * x, {1}))).item() < 1e-12);
  CHECK(amax(abs(matmul(y, a) - sum(unsqueeze(y, 1) * a, {0}))).item() < 1e-10);
}

TEST_CASE("the blocks of a product make the whole: rows of it are products of their own") {
  const Tensor a = rand({513, 230}, {.dtype = float64}, Generator(1));
  const Tensor b = rand({230, 700}, {.dtype = float64}, Generator(2));

  for (const int threads : {1, 4}) {
    const Threads guard(threads);
    const Tensor c = matmul(a, b), d = matmul(transpose(b, 0, 1), transpose(a, 0, 1));
    for (const std::int64_t i : {0, 255, 256, 511, 512}) {
      const Tensor row = sum(transpose(narrow(a, 0, i, 1), 0, 1) * b, {0});
      CHECK(amax(abs(c[i] - row)).item() < 1e-12);
      CHECK(amax(abs(transpose(d, 0, 1)[i] - row)).item() < 1e-12);
    }
  }
}
