// Gradients of which a part travels.

#include <algorithm>
#include <cmath>
#include <limits>

#include "half.hpp"
#include "parallel/models.hpp"

using namespace xgrad;
using namespace xgrad::test;
using namespace xgrad::parallel::detail;
using parallel::Communicator;
using parallel::Compression;
using V = std::vector<double>;

namespace {

struct Weights {
  Tensor w;
  explicit Weights(std::int64_t n) : w(zeros({n}, {.dtype = float64, .requires_grad = true})) {}
  void visit(Visitor& v) { v("w", w); }
};

/// The gradient of rank r in every step.
Tensor slope(int r, std::int64_t n) {
  Generator g(static_cast<std::uint64_t>(r));
  return randn({n}, {.dtype = float64}, g);
}

/// The numbers of 16 bits around v > 0 by their meaning: fraction bits and smallest exponent.
double nearest(double v, int bits, int least) {
  const int exponent = std::max(std::ilogb(v), least) - bits;
  return std::ldexp(std::nearbyint(std::ldexp(v, -exponent)), exponent);  // ties to even
}

}  // namespace

TEST_CASE("every half is itself again, and what lies between takes the nearest") {
  for (std::uint32_t h = 0; h < 65536; ++h) {
    const auto half = static_cast<std::uint16_t>(h);
    const float f = from_float16(half), b = from_bfloat16(half);
    if (std::isfinite(f) && to_float16(f) != half) FAIL_CHECK("float16 " << h);
    if (std::isfinite(b) && to_bfloat16(b) != half) FAIL_CHECK("bfloat16 " << h);
  }
  for (const double start : {1e-8, 3e-8, 7e-8, 6.1e-5, 0.3, 1.0, 777.0, 2049.0, 65400.0})
    for (int i = 0; i < 500; ++i) {
      const auto v = static_cast<float>(start * (1 + i * 3.1e-6));
      if (from_float16(to_float16(v)) != nearest(v, 10, -14)) FAIL_CHECK("float16 of " << v);
      if (from_bfloat16(to_bfloat16(v)) != nearest(v, 7, -126)) FAIL_CHECK("bfloat16 of " << v);
    }
  CHECK(from_float16(to_float16(2049)) == 2048);  // halfway, to even
  CHECK(from_float16(to_float16(2051)) == 2052);
  CHECK(from_float16(to_float16(1e9f)) == 65504);
  CHECK(from_float16(to_float16(-INFINITY)) == -65504);
  CHECK(std::isfinite(from_bfloat16(to_bfloat16(std::numeric_limits<float>::max()))));
  CHECK(std::isnan(from_float16(to_float16(NAN))));
  CHECK(std::isnan(from_bfloat16(to_bfloat16(NAN))));
}

TEST_CASE("halves of numbers that fit are exact, and top_k of all elements is all_reduce") {
  for (const Compression kind : {Compression::float16, Compression::bfloat16, Compression::top_k})
    on_all_ranks([&](Communicator c) {
      for (const std::int64_t n : {1, 5, 3000}) {
        Weights m(n);
        parallel::Replica replica(
            m, c, {.reduce = parallel::Reduce::sum, .compression = {.kind = kind, .share = 1}});
        replica.backward(sum(m.w) * (c.rank() + 1.0));
        const double expected = c.size() * (c.size() + 1) / 2.0;
        CHECK(m.w.grad().to_vector<double>() == V(static_cast<std::size_t>(n), expected));
      }
    });
}

TEST_CASE("top_k gives the largest of each rank and keeps the rest for later") {
  on_ranks({2}, [](Communicator c) {
    Weights m(4);
    parallel::Replica replica(
        m, c, {.reduce = parallel::Reduce::sum, .compression = {.kind = Compression::top_k, .share = 0.25}});
    const Tensor own = c.rank() == 0 ? tensor(V{1, -5, 2, 0}) : tensor(V{7, 6, 0, 0});
    for (int step = 0; step < 2; ++step) {
      m.w.zero_grad();
      replica.backward(sum(m.w * own));
      if (step == 0)
        CHECK(m.w.grad().to_vector<double>() == V{7, -5, 0, 0});  // the rests are 1 0 2 0 and 0 6 0 0
    }
    // Rank 0 has 2 -5 4 0 by then, and rank 1 has 7 12 0 0: their largest are -5 and 12, at one place.
    CHECK(m.w.grad().to_vector<double>() == V{0, 7, 0, 0});
  });
}

TEST_CASE("with error feedback all of the gradients arrive in time, with the same bits on all ranks") {
  for (const Compression kind : {Compression::float16, Compression::bfloat16, Compression::top_k})
    on_ranks({1, 2, 3, 4}, [&](Communicator c) {
      constexpr std::int64_t n = 300;
      constexpr int steps = 400;
      Weights m(n);
      parallel::Replica replica(m, c, {.compression = {.kind = kind, .share = 0.05}});
      Tensor all = zeros({n}, float64), expected = zeros({n}, float64);
      for (int r = 0; r < c.size(); ++r) expected += slope(r, n) / c.size();
      const Tensor own = slope(c.rank(), n);
      for (int step = 0; step < steps; ++step) {
        m.w.zero_grad();
        replica.backward(sum(m.w * own));
        all += m.w.grad();
      }
      // What is still kept is bounded, so the mean over the steps tends to the gradient as 1 / steps.
      const double bound = kind == Compression::top_k ? 0.4 : 2e-4;
      const double error = (all / steps - expected).abs().max().item();
      CHECK(error < bound);
      const auto texts = c.all_gather_texts(std::to_string(all.sum().item()) + std::to_string(all.at({17})));
      for (const std::string& text : texts) CHECK(text == texts[0]);
    });
}

TEST_CASE("a model trains with each compression, and ranks with different ones are told so") {
  for (const Compression kind : {Compression::float16, Compression::bfloat16, Compression::top_k})
    on_ranks({2, 4}, [&](Communicator c) {
      manual_seed(1);
      Mlp m;
      parallel::Replica replica(
          m, c, {.bucket_bytes = 300, .compression = {.kind = kind, .share = 0.1}, .check_every_step = true});
      optim::SGD sgd(m, {.lr = 0.1});
      Generator g(7);
      const Tensor x = randn({8, 6}, {.dtype = float64}, g), y = tanh(x.slice(1, 0, 2));
      double first = 0, last = 0;
      for (int step = 0; step < 300; ++step) {
        sgd.zero_grad();
        const Tensor loss = nn::mse_loss(m(x), y);
        (step ? last : first) = loss.item();
        replica.backward(loss);
        sgd.step();
      }
      CHECK(last < 0.1 * first);
    });
  on_ranks({2}, [](Communicator c) {
    Weights m(3);
    parallel::Replica replica(
        m, c, {.compression = {.kind = c.rank() ? Compression::float16 : Compression::bfloat16}});
    const std::string error = error_of([&] { replica.backward(sum(m.w)); });
    CHECK(error.find("all_reduce (sum by float16) of f64[3]") != std::string::npos);
    CHECK(error.find("all_reduce (sum by bfloat16) of f64[3]") != std::string::npos);
    CHECK(error_of([&] { parallel::Replica r(m, c, {.compression = {.share = 0}}); }) ==
          "Replica: the share of compression must be in (0, 1]: it is 0.000000");
  });
}
