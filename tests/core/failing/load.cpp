// A load in which an allocation fails changes nothing.

#include <doctest/doctest.h>

#include <exception>

#include "core/failing/failing.hpp"
#include "core/state/parts.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

constexpr std::int64_t n = 20'000;  // elements whose memory comes from the system, not from a free list

/// A place of each kind, among them tensors that are converted, swapped and made.
struct All {
  Tensor weight = zeros({n}, {.requires_grad = true}), a = zeros({n}), b = ones({n});
  Tensor moment = zeros({n}), like = zeros({n}, {.dtype = float64});
  Counter counter;
  Scale scale;

  void visit(Visitor& v) {
    v("weight", weight), v.buffer("a", a), v.buffer("b", b), v.buffer("moment", moment, like);
    v("counter", counter), v("scale", scale);
  }
};

StateDict other(const All& target) {
  All all;
  all.counter = {10, 11, 12, 13.5, false, "a text that is too long to lie inside of a string", Generator(8)};
  all.scale.scale = ones({n});
  StateDict state = state_dict(all);
  state.set("weight", full({n}, 0.5, {.dtype = float64}));
  state.set("a", target.b.detach()), state.set("b", target.a.detach());
  return state;
}

}  // namespace

TEST_CASE("wherever an allocation fails in a load, nothing changes, and the load can be done again") {
  int k = 0;
  for (bool failed = true; failed; ++k) {
    All all;
    const StateDict state = other(all), before = state_dict(all);
    const Tensor product = sum(all.weight * all.weight);
    empty_cache();
    {
      const FailingAllocation failing(k);
      try {
        load_state_dict(all, state);
      } catch (const std::exception&) {
      }
      failed = failing.failed();
    }
    if (failed) {
      REQUIRE(same(all, before));
      REQUIRE_NOTHROW(product.backward());  // the weight was not written
      load_state_dict(all, state);
    }
    REQUIRE(all.weight.at({0}) == 0.5);
    REQUIRE(all.a.at({0}) == 1);
    REQUIRE(all.b.at({0}) == 0);
    REQUIRE(all.moment.dtype() == float64);
    REQUIRE(all.counter.text.size() > 40);
    REQUIRE(all.scale.scale.numel() == n);
  }
  CHECK(k > 20);
}

TEST_CASE("wherever an allocation fails in a snapshot, there is none, and never a part of one") {
  const All all;
  int k = 0;
  for (bool failed = true; failed; ++k) {
    empty_cache();
    StateDict state;
    bool thrown = false;
    {
      const FailingAllocation failing(k);
      try {
        state = state_dict(all);
      } catch (const std::exception&) {
        thrown = true;
      }
      failed = failing.failed();
    }
    REQUIRE(same(all, state) != thrown);
  }
  CHECK(k > 10);
}
