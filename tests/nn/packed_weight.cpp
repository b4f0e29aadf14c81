#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "xgrad/nn/gradcheck.hpp"
#include "xgrad/xgrad.hpp"

using namespace xgrad;

namespace {

/// x weight^T + bias by a plain loop in double.
Tensor by_loop(const Tensor& x, const nn::Linear& layer) {
  const auto a = x.to(float64), w = layer.weight.detach().to(float64), b = layer.bias.detach().to(float64);
  std::vector<double> y;
  for (std::int64_t i = 0; i < x.size(0); ++i)
    for (std::int64_t o = 0; o < w.size(0); ++o) {
      double sum = b.at({o});
      for (std::int64_t k = 0; k < x.size(1); ++k) sum += a.at({i, k}) * w.at({o, k});
      y.push_back(sum);
    }
  return tensor(y, {x.size(0), w.size(0)});
}

/// What kernels of this name were run by f.
template <class F>
std::int64_t runs(const std::string& kernel, F f) {
  Profile heard;
  f();
  heard.stop();
  for (const Profile::Row& row : heard.kernels())
    if (row.name == kernel) return row.calls;
  return 0;
}

}  // namespace

TEST_CASE("in evaluation a linear layer computes the same by its copy of the weight, for any sizes") {
  for (const DType dtype : {float32, float64})
    for (const std::int64_t rows : {0, 1, 2, 7, 33})
      for (const auto& [in, out] : {std::pair{1, 1}, {3, 5}, {17, 33}, {100, 64}, {300, 130}}) {
        nn::Linear layer(in, out, {.dtype = dtype});
        layer.eval();
        const Tensor x = randn({rows, in}, {.dtype = dtype});

        for (int again = 0; again < 2; ++again)
          CHECK(allclose(layer(x).to(float64), by_loop(x, layer), dtype == float64 ? 1e-12 : 2e-5, 1e-6));
      }
}

TEST_CASE("the copy is made once, and anew when the weight was written to or is another one") {
  nn::Linear layer(64, 32);
  const Tensor x = randn({4, 64});
  layer.eval();
  const auto packed = [&] { return runs("pack_matrix", [&] { layer(x); }); };

  CHECK(packed() == 1);
  CHECK(packed() == 0);
  {
    const NoGrad guard;
    layer.weight.mul_(2);
  }
  CHECK(packed() == 1);
  CHECK(allclose(layer(x).to(float64), by_loop(x, layer), 2e-5, 1e-5));
  layer.weight = randn({32, 64}).requires_grad_();
  CHECK(packed() == 1);
  CHECK(allclose(layer(x).to(float64), by_loop(x, layer), 2e-5, 1e-5));
  layer.train();
  CHECK(packed() == 0);
  layer.eval();
  CHECK(packed() == 1);
}

TEST_CASE("training never sees a copy, and a step between two evaluations is seen") {
  nn::Linear layer(16, 8);
  optim::SGD sgd(layer.parameters(), {.lr = 0.5});
  const Tensor x = randn({3, 16});
  for (int step = 0; step < 3; ++step) {
    layer.eval();
    CHECK(allclose(layer(x).to(float64), by_loop(x, layer), 1e-5, 1e-5));
    layer.train();
    sgd.zero_grad();
    sum(square(layer(x))).backward();
    sgd.step();
  }
}

TEST_CASE("gradients in evaluation are those of the weight itself") {
  nn::Linear layer(6, 4, {.dtype = float64});
  layer.eval();
  const auto input = randn({3, 6}, {.dtype = float64});

  CHECK(gradcheck(layer, [](const nn::Linear& m, const Tensor& x) { return m(x); }, {input}));
}

TEST_CASE("a copy of a layer and a moved one have copies of their own") {
  nn::Linear layer(8, 8);
  layer.eval();
  const Tensor x = randn({2, 8}), y = layer(x);

  nn::Linear copy = layer, other = clone(layer);
  const nn::Linear moved = std::move(layer);

  CHECK(allclose(copy(x), y));
  CHECK(allclose(other(x), y));
  CHECK(allclose(moved(x), y));
}

TEST_CASE("memory of others is not copied, for it may be written to unseen") {
  std::vector<float> memory(32 * 16, 0.5F);
  nn::Linear layer(16, 32, {.bias = false});
  layer.weight = from_memory(memory.data(), {32, 16});
  layer.eval();
  const Tensor x = ones({2, 16});

  CHECK(layer(x).to_vector<float>()[0] == 8);
  memory[0] = 1;
  CHECK(layer(x).to_vector<float>()[0] == 8.5F);
}

TEST_CASE("several threads share a layer in evaluation") {
  nn::Linear layer(40, 24);
  layer.eval();
  const Tensor x = randn({5, 40});
  const NoGrad guard;
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& y : found)
    threads.emplace_back([&] {
      const NoGrad unrecorded;
      for (int i = 0; i < 50; ++i) y = layer(x).to_vector<float>();
    });
  for (std::thread& t : threads) t.join();

  for (const auto& y : found) CHECK(y == layer(x).to_vector<float>());
}

TEST_CASE("attention in evaluation computes what it does in training") {
  for (const bool own_sizes : {false, true}) {
    nn::MultiheadAttention attention(16, 4, {.kdim = own_sizes ? 12 : 0, .dtype = float64});
    const Tensor x = randn({5, 2, 16}, {.dtype = float64}),
                 key = own_sizes ? randn({7, 2, 12}, {.dtype = float64}) : x,
                 value = own_sizes ? randn({7, 2, 16}, {.dtype = float64}) : x;
    const Tensor trained = attention(x, key, value).output;
    attention.eval();

    for (int again = 0; again < 2; ++again)
      CHECK(allclose(attention(x, key, value).output, trained, 1e-12, 1e-13));
  }
}
