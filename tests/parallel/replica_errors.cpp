// What is wrong with models and with calls of a Replica.

#include "parallel/models.hpp"

using namespace xgrad;
using namespace xgrad::test;
using parallel::Communicator;
using parallel::Replica;

TEST_CASE("different models are an error on all ranks that names the first difference") {
  const auto check = [](const std::function<void(Communicator&)>& make, const std::string& message) {
    on_ranks({2, 4}, [&](Communicator c) {
      CHECK(error_of([&] { make(c); }) ==
            "Replica: the ranks have different models: " + message + "; all ranks must make the same model");
    });
  };
  check(
      [](Communicator& c) {
        auto m = nn::mlp({4, c.rank() ? 5 : 3, 2});
        Replica r(m, c);
      },
      "rank 0 has 0.weight, f32[3, 4] where rank 1 has 0.weight, f32[5, 4]");
  check(
      [](Communicator& c) {
        nn::Linear m(4, 2, {.bias = c.rank() == 0});
        Replica r(m, c);
      },
      "rank 0 has bias, f32[2] where rank 1 has no more tensors");
  check(
      [](Communicator& c) {
        nn::Linear m(4, 2, {.dtype = c.rank() ? float64 : float32});
        Replica r(m, c);
      },
      "rank 0 has weight, f32[2, 4] where rank 1 has weight, f64[2, 4]");
  check(
      [](Communicator& c) {
        nn::Linear m(4, 2);
        m.weight.requires_grad_(c.rank() == 0);
        Replica r(m, c);
      },
      "rank 0 has weight, f32[2, 4] where rank 1 has weight, f32[2, 4] without gradient");
}

TEST_CASE("a weight that is changed on one rank is found and named") {
  on_ranks({2, 4}, [](Communicator c) {
    Mlp m;
    Replica replica(m, c);
    if (c.rank() == 1) {
      const NoGrad guard;
      m.out.bias[1].add_(1e-15);
    }
    CHECK(error_of([&] { replica.verify(); }) ==
          "Replica: the ranks have different values: out.bias, f64[2], of rank 1 is not that of rank 0; all "
          "must "
          "make the same steps from the same weights");
  });
}

TEST_CASE("calls in the wrong order say what to do") {
  on_ranks({2}, [](Communicator c) {
    Mlp m;
    Replica replica(m, c);
    const auto loss = [&] { return sum(m(ones({1, 6}, float64))); };
    loss().backward();
    CHECK(error_of([&] {
            loss().backward();
          }).find("Replica: a second backward reaches a parameter whose gradient is on its way") == 0);
    CHECK(error_of([&] { auto guard = replica.no_sync(); }) ==
          "Replica::no_sync: the gradients of a backward are on their way; call synchronize() first");
    CHECK(error_of([&] { replica.forget(); }).find("Replica::forget: ") == 0);
    replica.synchronize();

    CHECK(error_of([&] { replica.backward(loss(), {.rows = -1}); }) ==
          "Replica::backward: rows must not be negative: they are -1");
    {
      auto guard = replica.no_sync();
      replica.backward(loss(), {.rows = 4});
      CHECK(error_of([&] { replica.backward(loss()); }) ==
            "Replica::backward: rows must be told of every backward of a step or of none");
    }
  });
}

TEST_CASE("options and models that make no sense are errors") {
  on_ranks({2}, [](Communicator c) {
    nn::Linear m(2, 2);
    CHECK(error_of([&] { Replica r(m, c, {.bucket_bytes = 0}); }) ==
          "Replica: bucket_bytes must be 1 or more: they are 0");
    CHECK(error_of([&] { Replica r(m, c, {.reduce = parallel::Reduce::max}); }) ==
          "Replica: the largest of gradients is no gradient; use Reduce::mean or Reduce::sum");
    m.requires_grad_(false);
    CHECK(error_of([&] { Replica r(m, c); }) ==
          "Replica: the model has no parameter that requires a gradient; call requires_grad_() on what is to "
          "learn");
    m.requires_grad_();
    Replica sums(m, c, {.reduce = parallel::Reduce::sum});
    CHECK(error_of([&] {
            sums.backward(sum(m(ones({1, 2}))), {.rows = 1});
          }) ==
          "Replica::backward: rows weigh a mean, and this replica takes the sum; leave them out, or make it "
          "with "
          "Reduce::mean");
  });
}

TEST_CASE("a model with a synchronised batch norm cannot be joined, and a batch of one value is refused") {
  on_ranks({2}, [](Communicator c) {
    parallel::SyncBatchNorm1d norm(c, 2);
    Replica replica(norm, c);
    CHECK(
        error_of([&] { replica.join([] {}); }) ==
        "Replica::join: the model has a synchronised batch norm, whose forward needs all ranks; give each as "
        "many batches, as data::shard does");
  });
  on_ranks({1}, [](Communicator c) {
    parallel::SyncBatchNorm1d norm(c, 2);
    CHECK(error_of([&] {
            norm(ones({1, 2}));
          }).find("SyncBatchNorm1d: training needs more than one value per channel on all ranks together") !=
          std::string::npos);
  });
}
