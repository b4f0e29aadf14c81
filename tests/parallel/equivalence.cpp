// N ranks on their shares of a batch are one process on the whole.

#include "parallel/models.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;

namespace {

constexpr std::int64_t rows = 12;

struct Task {
  std::vector<Tensor> x, y;
};

/// Batches of numbers that a generator of their own draws: the same on all ranks.
Task task(const Shape& row) {
  Generator g(5);
  Task t;
  std::vector<std::int64_t> shape{rows};
  shape.insert(shape.end(), row.begin(), row.end());
  for (int i = 0; i < 10; ++i) {
    t.x.push_back(randn(shape, {.dtype = float64}, g));
    t.y.push_back(randn({rows, 2}, {.dtype = float64}, g));
  }
  return t;
}

template <class M>
void train_alone(M& model, const Task& t) {
  optim::SGD sgd(model, {.lr = 0.05, .momentum = 0.9});
  for (std::size_t i = 0; i < 100; ++i) {
    sgd.zero_grad();
    nn::mse_loss(model(t.x[i % 10]), t.y[i % 10]).backward();
    sgd.step();
  }
}

template <class M>
void train_together(M& model, const Task& t, Communicator& c, parallel::ReplicaOptions options) {
  parallel::Replica replica(model, c, options);
  optim::SGD sgd(model, {.lr = 0.05, .momentum = 0.9});
  const std::int64_t own = rows / c.size();
  for (std::size_t i = 0; i < 100; ++i) {
    sgd.zero_grad();
    const Tensor x = rows_of(t.x[i % 10], c.rank() * own, own), y = rows_of(t.y[i % 10], c.rank() * own, own);
    replica.backward(nn::mse_loss(model(x), y));
    sgd.step();
  }
  replica.verify();
}

/// Both kinds of model start with the same weights.
template <class Alone, class Together>
void check_same_training(const Shape& row, Alone& alone, const std::function<Together(Communicator)>& make) {
  const Task t = task(row);
  const StateDict start = state_dict(alone);
  train_alone(alone, t);
  on_all_ranks([&](Communicator c) {
    Together model = make(c);
    if (c.rank() == 0) load_state_dict(model, start);
    train_together(model, t, c, {.bucket_bytes = 200, .check_every_step = true});
    CHECK(difference(model, alone) < 1e-12);

    Together helped = make(c);  // by a thread of its own
    if (c.rank() == 0) load_state_dict(helped, start);
    train_together(helped, t, c, {.bucket_bytes = 200, .progress_thread = true});
    CHECK(same(helped, model));

    Together again = make(c);  // in one bucket and without overlap
    if (c.rank() == 0) load_state_dict(again, start);
    train_together(again, t, c, {.overlap = false});
    CHECK(same(again, model));
  });
}

}  // namespace

TEST_CASE("an MLP trains on several ranks as in one process, and its bits do not depend on buckets") {
  manual_seed(1);
  Mlp alone;
  check_same_training<Mlp, Mlp>({6}, alone, [](Communicator) { return Mlp(); });
}

TEST_CASE("a CNN with a synchronised batch norm trains on several ranks as in one process") {
  manual_seed(2);
  using Together = Cnn<parallel::SyncBatchNorm2d>;
  Cnn<nn::BatchNorm2d> alone(nn::BatchNorm2d(4, {.dtype = float64}));
  check_same_training<Cnn<nn::BatchNorm2d>, Together>({1, 6, 6}, alone, [](Communicator c) {
    return Together(parallel::SyncBatchNorm2d(c, 4, {.dtype = float64}));
  });
}

TEST_CASE("an LSTM trains on several ranks as in one process") {
  manual_seed(3);
  Lstm alone;
  check_same_training<Lstm, Lstm>({7, 3}, alone, [](Communicator) { return Lstm(); });
}
