#include <cmath>

#include "parallel/models.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;
using parallel::Replica;
using V = std::vector<double>;

namespace {

Tensor leaf(V v) { return tensor(v, {.requires_grad = true}); }

struct TwoWeights {
  Tensor a = leaf({1, 1}), b = leaf({1, 1});
  void visit(Visitor& v) { v("a", a), v("b", b); }
};

V grad_of(const Tensor& p) { return p.grad().to_vector<double>(); }

/// 1 + 2 + ... + n.
double up_to(int n) { return n * (n + 1) / 2.0; }

}  // namespace

TEST_CASE("gradients are the mean of all ranks, or their sum, and add to what is there") {
  on_all_ranks([](Communicator c) {
    const double n = c.size(), r = c.rank() + 1;
    for (const bool mean : {true, false}) {
      TwoWeights m;
      Replica replica(m, c, {.reduce = mean ? parallel::Reduce::mean : parallel::Reduce::sum});
      const double own = up_to(c.size()) / (mean ? n : 1), ones = mean ? 1 : n;

      replica.backward(sum(m.a * r + m.b));
      CHECK(grad_of(m.a) == V{own, own});
      CHECK(grad_of(m.b) == V{ones, ones});

      replica.backward(sum(m.a * r));
      CHECK(grad_of(m.a) == V{2 * own, 2 * own});
      CHECK(grad_of(m.b) == V{ones, ones});
    }
  });
}

TEST_CASE("a parameter that no rank uses has no gradient, and one that some use counts as 0 elsewhere") {
  on_ranks({2, 4}, [](Communicator c) {
    TwoWeights m;
    Replica replica(m, c);

    replica.backward(sum(m.a * 2));
    CHECK_FALSE(m.b.grad().defined());
    m.a.zero_grad();

    replica.backward(c.rank() == 1 ? sum(m.b * 4) : sum(m.a * 2));
    CHECK(grad_of(m.a) == V{2.0 * (c.size() - 1) / c.size(), 2.0 * (c.size() - 1) / c.size()});
    CHECK(grad_of(m.b) == V{4.0 / c.size(), 4.0 / c.size()});
  });
}

TEST_CASE("ranks whose gradients are ready in another order still meet") {
  on_ranks({2, 4}, [](Communicator c) {
    TwoWeights m;
    Replica replica(m, c, {.bucket_bytes = 1});
    REQUIRE(replica.bucket_count() == 2);
    for (int step = 0; step < 20; ++step) {
      m.a.zero_grad(), m.b.zero_grad();
      const Tensor first = c.rank() % 2 ? m.a : m.b, second = c.rank() % 2 ? m.b : m.a;
      replica.backward(sum(exp(first * 0.0) * second + first));
      CHECK(grad_of(m.a) == V{1, 1});
      CHECK(grad_of(m.b) == V{1, 1});
    }
  });
}

TEST_CASE("buckets are on their way before backward ends") {
  on_ranks({2}, [](Communicator c) {
    TwoWeights m;
    Replica early(m, c, {.bucket_bytes = 1});
    early.backward(sum(m.a * m.b));
    CHECK(early.begun_early() == 2);
  });
  on_ranks({2}, [](Communicator c) {
    TwoWeights m;
    Replica late(m, c, {.bucket_bytes = 1, .overlap = false});
    late.backward(sum(m.a * m.b));
    CHECK(late.begun_early() == 0);
    CHECK(grad_of(m.a) == V{1, 1});
  });
}

TEST_CASE("no_sync gathers without a call of other ranks, and the next backward reduces all of it") {
  on_all_ranks([](Communicator c) {
    const double r = c.rank() + 1, mean = up_to(c.size()) / c.size();
    TwoWeights m;
    Replica replica(m, c);
    for (int step = 0; step < 2; ++step) {
      m.a.zero_grad(), m.b.zero_grad();
      {
        const auto gathering = replica.no_sync();
        for (int i = 0; i < (c.rank() == 0 ? 3 : 1); ++i) replica.backward(sum(m.a * r));
        sum(m.b * 10).backward();  // a plain one is gathered too
        CHECK_FALSE(m.a.grad().defined());
      }
      replica.backward(sum(m.a * r));
      const double more = 2.0 / c.size();  // rank 0 has gathered two more
      CHECK(grad_of(m.a)[0] == doctest::Approx(2 * mean + more).epsilon(1e-15));
      CHECK(grad_of(m.b) == V{10, 10});
    }
    {
      const auto gathering = replica.no_sync();
      replica.backward(sum(m.a * 1000));
    }
    replica.forget();
    m.a.zero_grad();
    replica.backward(sum(m.a * 2));
    CHECK(grad_of(m.a) == V{2, 2});
  });
}

TEST_CASE("rows weigh the ranks' means, so that batches of any size make the mean of all rows") {
  on_all_ranks([](Communicator c) {
    // Rank r has r + 1 rows, of which the k-th has the gradient 10 r + k.
    double all = 0, count = 0;
    for (int r = 0; r < c.size(); ++r)
      for (int k = 0; k <= r; ++k) all += 10 * r + k, ++count;
    V own;
    for (int k = 0; k <= c.rank(); ++k) own.push_back(10.0 * c.rank() + k);
    TwoWeights m;
    Replica replica(m, c);

    replica.backward(mean(tensor(own)) * sum(m.a), {.rows = c.rank() + 1});

    CHECK(grad_of(m.a)[0] == doctest::Approx(all / count).epsilon(1e-14));
  });
}

TEST_CASE("ranks that have no batch left join the steps of the others, to the same bits") {
  on_all_ranks([](Communicator c) {
    for (const bool with_rows : {true, false}) {
      Mlp m;
      Replica replica(m, c, {.check_every_step = true});
      optim::SGD sgd(m, {.lr = 0.1});
      int steps = 0;
      const auto step = [&] { sgd.step(), sgd.zero_grad(), ++steps; };
      Generator g(3);
      const int batches = 1 + 2 * c.rank();
      for (int i = 0; i < batches; ++i) {
        const Tensor loss = nn::mse_loss(m(randn({4, 6}, {.dtype = float64}, g)), zeros({4, 2}, float64));
        replica.backward(loss,
                         with_rows ? parallel::ReplicaBackward{.rows = 4} : parallel::ReplicaBackward{});
        step();
      }
      replica.join(step);

      CHECK(steps == 1 + 2 * (c.size() - 1));
      replica.verify();
    }
  });
}

TEST_CASE("a rank that joins brings what no_sync has gathered, and divides by those that take part") {
  on_ranks({2, 4}, [](Communicator c) {
    TwoWeights m;
    Replica replica(m, c);
    V seen;
    const auto step = [&] { seen.push_back(grad_of(m.a)[0]), m.a.zero_grad(); };
    if (c.rank() == 0) {
      const auto gathering = replica.no_sync();
      replica.backward(sum(m.a * 6));
    }
    if (c.rank() == 1) {
      for (const double slope : {2.0, 5.0}) replica.backward(sum(m.a * slope)), step();
    }
    replica.join(step);

    CHECK(seen == V{4, 5});
  });
}

TEST_CASE(
    "behind reduced gradients the global norm is that of all ranks, and clipping keeps the bits the same") {
  on_ranks({2, 4}, [](Communicator c) {
    TwoWeights m;
    Replica replica(m, c);
    replica.backward(sum(m.a * 3.0 * (c.rank() + 1)));
    const double own = 3 * up_to(c.size()) / c.size();

    CHECK(optim::clip_grad_norm_({m.a, m.b}, 1) == doctest::Approx(own * std::sqrt(2)).epsilon(1e-14));
    CHECK(grad_of(m.a)[0] == doctest::Approx(1 / std::sqrt(2)).epsilon(1e-5));
    const auto texts = c.all_gather_texts(std::to_string(grad_of(m.a)[0]));
    for (const std::string& text : texts) CHECK(text == texts[0]);
  });
}

TEST_CASE("buffers are those of the first rank that took part, behind each step") {
  on_ranks({2, 4}, [](Communicator c) {
    nn::BatchNorm1d norm(2, {.dtype = float64});
    Replica replica(norm, c);
    const Tensor x = full({4, 2}, 10.0 * (c.rank() + 1), {.dtype = float64}) +
                     tensor({{0.0, 1}, {0, 2}, {1, 3}, {2, 0}}).to(float64);
    replica.backward(sum(norm(x)));
    replica.verify();
    CHECK(norm.running_mean.at({0}) == doctest::Approx(0.1 * 10.75).epsilon(1e-14));
  });
}

TEST_CASE("gradients that were made elsewhere are reduced from where they are") {
  on_all_ranks([](Communicator c) {
    TwoWeights m;
    Replica replica(m, c);
    replica.pause();
    sum(m.a * (c.rank() + 1.0)).backward();
    CHECK(grad_of(m.a)[0] == c.rank() + 1);
    replica.reduce_gradients();
    CHECK(grad_of(m.a)[0] == up_to(c.size()) / c.size());
    CHECK_FALSE(m.b.grad().defined());
  });
}

TEST_CASE("float32 and float64 parameters live in one model") {
  on_ranks({2}, [](Communicator c) {
    struct {
      Tensor a = leaf({1, 1}), b = ones({3}, {.dtype = float32, .requires_grad = true});
      void visit(Visitor& v) { v("a", a), v("b", b); }
    } m;
    Replica replica(m, c);
    replica.backward(sum(m.a) * (c.rank() + 1.0) + sum(m.b.to(float64)) * 3);
    CHECK(grad_of(m.a) == V{1.5, 1.5});
    CHECK(grad_of(m.b) == V{3, 3, 3});
  });
}
