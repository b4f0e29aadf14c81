#include <doctest/doctest.h>

#include "xgrad/core.hpp"
#include "xgrad/optim.hpp"

using namespace xgrad;

namespace {

Tensor leaf(std::vector<double> values) { return tensor(values, {.requires_grad = true}); }

}  // namespace

TEST_CASE("the L1 penalty is the sum of absolute values, with gradient sign(p)") {
  const Tensor a = leaf({1, -2}), b = leaf({0, 4});

  const Tensor penalty = optim::l1_penalty({a, b});
  penalty.backward();

  CHECK(penalty.item() == 7);
  CHECK(a.grad().to_vector<double>() == std::vector<double>{1, -1});
  CHECK(b.grad().to_vector<double>() == std::vector<double>{0, 1});
}

TEST_CASE("the L2 penalty is the sum of squares, with gradient 2 p") {
  const Tensor a = leaf({1, -2}), b = leaf({3});

  const Tensor penalty = optim::l2_penalty({a, b});
  penalty.backward();

  CHECK(penalty.item() == 14);
  CHECK(a.grad().to_vector<double>() == std::vector<double>{2, -4});
  CHECK(b.grad().to_vector<double>() == std::vector<double>{6});
}

TEST_CASE("half an L2 penalty is weight decay") {
  const Tensor a = leaf({1.5}), b = leaf({1.5});
  optim::SGD plain({a}, {.lr = 0.1}), decaying({b}, {.lr = 0.1, .weight_decay = 0.5});

  (a.sum() + 0.25 * optim::l2_penalty({a})).backward();
  b.sum().backward();
  plain.step();
  decaying.step();

  CHECK(a.item() == doctest::Approx(b.item()).epsilon(1e-15));
}

TEST_CASE("a penalty of nothing is an error") {
  CHECK_THROWS_WITH_AS(optim::l1_penalty({}),
                       "l1_penalty: the list of parameters is empty; name the members in the module's visit",
                       Error);
  CHECK_THROWS_WITH_AS(optim::l2_penalty({}),
                       "l2_penalty: the list of parameters is empty; name the members in the module's visit",
                       Error);
}
