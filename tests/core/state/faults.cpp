// A load that throws says all that is wrong, and changes nothing.

#include <doctest/doctest.h>

#include <functional>
#include <new>

#include "core/state/parts.hpp"
#include "xgrad/core.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

/// One of everything, and at its end a check that a rate stays below 100.
struct All {
  Layer layer;
  Counter counter;
  Scale scale;
  Tensor labels = zeros({2}, {.dtype = int64}), mask = zeros({2}, {.dtype = boolean});
  bool wide = false;
  double limited = 1;
  int followed = 0;

  void visit(Visitor& v) {
    v("layer", layer), v("counter", counter), v("scale", scale), v.buffer("labels", labels);
    v.buffer("mask", mask), v.fixed("wide", wide), v("limited", limited);
    v.check([this] {
      if (limited > 100) throw Error("All: the limit must be at most 100");
      if (limited < 0) throw std::bad_alloc();
    });
    v.loaded([this] { ++followed; });
  }
};

/// A state that fits, with other values in every place.
StateDict other() {
  All all;
  all.layer.weight.detach().fill_(5), all.layer.mean.fill_(6);
  all.counter = {10, 11, 12, 13.5, false, "a text that is too long to lie inside of a string", Generator(8)};
  all.scale.scale = ones({3});
  all.labels.fill_(3), all.mask.fill_(true);
  all.limited = 2;
  return state_dict(all);
}

/// What the load of a state with this change says, having changed nothing.
std::string said_of(const std::function<void(StateDict&)>& change, LoadOptions options = {}) {
  All all;
  const StateDict before = state_dict(all);
  const void* scale = all.scale.scale.defined() ? all.scale.scale.node() : nullptr;
  const Tensor y = sum(all.layer.weight * all.layer.weight);
  StateDict state = other();
  change(state);

  const std::string message = said([&] { load_state_dict(all, state, options); });

  CHECK(same(all, before));
  CHECK((all.scale.scale.defined() ? all.scale.scale.node() : nullptr) == scale);
  CHECK(all.followed == 0);
  CHECK_NOTHROW(y.backward());  // nothing was written, not even with the same values
  return message;
}

std::string said_with(const char* name, StateValue value) {
  return said_of([&](StateDict& state) { state.set(name, std::move(value)); });
}

std::string mismatch(const std::string& what) {
  return "load_state_dict: the states do not match: " + what +
         "; both must have the same names, types and shapes";
}

}  // namespace

TEST_CASE("a state with other values in every place fits") {
  All all;

  load_state_dict(all, other());

  CHECK(same(all, other()));
  CHECK(all.followed == 1);
}

TEST_CASE("a name that only one side has is an error") {
  CHECK(said_of([](StateDict& s) { s.erase("layer.mean"); }) ==
        mismatch("'layer.mean' is missing in the state"));
  CHECK(said_with("extra", 1) == mismatch("'extra' is missing in the target"));
}

TEST_CASE("another shape, dtype or type is an error, strict or not") {
  for (const bool strict : {true, false}) {
    const auto said_with = [&](const char* name, StateValue value) {
      return said_of([&](StateDict& state) { state.set(name, std::move(value)); }, {.strict = strict});
    };
    CHECK(said_with("layer.weight", zeros({3})) ==
          mismatch("'layer.weight' is f32[3] in the state, f32[2] in the target"));
    CHECK(said_with("layer.weight", zeros({2}, {.dtype = int64})) ==
          mismatch("'layer.weight' is i64[2] in the state, f32[2] in the target"));
    CHECK(said_with("layer.weight", Tensor()) ==
          mismatch("'layer.weight' is undefined in the state, f32[2] in the target"));
    CHECK(said_with("layer.weight", 1) ==
          mismatch("'layer.weight' is the integer 1 in the state, f32[2] in the target"));
    CHECK(said_with("labels", zeros({2})) ==
          mismatch("'labels' is f32[2] in the state, i64[2] in the target"));
    CHECK(said_with("mask", zeros({2}, {.dtype = int64})) ==
          mismatch("'mask' is i64[2] in the state, bool[2] in the target"));
    CHECK(said_with("scale.scale", 1) ==
          mismatch("'scale.scale' is the integer 1 in the state, a tensor in the target"));
    CHECK(said_with("counter.count", 1.0) ==
          mismatch("'counter.count' is the number 1 in the state, an integer in the target"));
    CHECK(said_with("counter.size", -1) ==
          mismatch("'counter.size' is the integer -1 in the state, an integer of at least 0 in the target"));
    for (const std::int64_t v : {std::int64_t{1} << 31, -(std::int64_t{1} << 31) - 1})
      CHECK(said_with("counter.small", v) == mismatch("'counter.small' is the integer " + std::to_string(v) +
                                                      " in the state, an integer of 32 bits in the target"));
    CHECK(said_with("counter.rate", true) ==
          mismatch("'counter.rate' is true in the state, a number in the target"));
    CHECK(said_with("counter.on", 1) ==
          mismatch("'counter.on' is the integer 1 in the state, true or false in the target"));
    CHECK(said_with("counter.text", false) ==
          mismatch("'counter.text' is false in the state, a text in the target"));
    CHECK(said_with("counter.stream", "7") ==
          mismatch("'counter.stream' is the text '7' in the state, a generator's state in the target"));
    CHECK(said_with("counter.stream", 7) ==
          mismatch("'counter.stream' is the integer 7 in the state, a generator's state in the target"));
    CHECK(said_with("wide", true) == mismatch("'wide' is true in the state, false in the target"));
  }
}

TEST_CASE("everything that is wrong is listed at once") {
  CHECK(
      said_of([](StateDict& s) {
        s.erase("layer.mean"), s.set("layer.weight", zeros({3})), s.set("more", 1), s.set("extra", 1);
      }) ==
      mismatch("'layer.weight' is f32[3] in the state, f32[2] in the target; 'layer.mean' is missing in the "
               "state; 'more' is missing in the target; 'extra' is missing in the target"));
}

TEST_CASE("what an object refuses is its error") {
  CHECK(said_with("scale.scale", zeros({2, 2})) == "Scale: scale must be a vector: it is f32[2, 2]");
  CHECK(said_with("limited", 101.0) == "All: the limit must be at most 100");
}

TEST_CASE("an exception of another type out of a check changes nothing either") {
  All all;
  const StateDict before = state_dict(all);
  StateDict state = other();
  state.set("limited", -1.0);

  CHECK_THROWS_AS(load_state_dict(all, state), std::bad_alloc);

  CHECK(same(all, before));
}

TEST_CASE("one tensor or value does not take two") {
  struct Tied {
    Tensor a = zeros({2}), b = a;
    double rate = 1;
    void visit(Visitor& v) { v("a", a), v("b", b), v("c", rate), v("d", rate); }
  } tied;
  StateDict state = state_dict(tied);
  state.set("b", ones({2})), state.set("d", 2.0);

  CHECK(said([&] { load_state_dict(tied, state); }) ==
        mismatch(
            "'b' is the same as 'a' in the target, another one in the state; 'd' is the same as 'c' in the "
            "target, another one in the state"));
  CHECK(tied.a.to_vector<float>() == std::vector<float>{0, 0});
}

TEST_CASE("a recorded result takes no values") {
  struct Recorded {
    Tensor leaf = ones({2}, {.requires_grad = true}), a = leaf * 2;
    void visit(Visitor& v) { v("a", a); }
  } recorded;

  CHECK(said([&] { load_state_dict(recorded, state_dict(recorded)); }) ==
        mismatch("'a' is the result of mul_number in the target"));
}

TEST_CASE("a parameter and a buffer do not take each other's values in a copy") {
  struct Buffered {
    Tensor weight = ones({2}), mean = ones({2});
    void visit(Visitor& v) { v.buffer("weight", weight), v("mean", mean); }
  } buffered;
  Layer layer;

  CHECK(said([&] { copy(buffered, layer); }) ==
        "copy: the states do not match: 'weight' is a buffer in the source, a parameter in the target; "
        "'mean' is a "
        "parameter in the source, a buffer in the target; both must have the same names, types and shapes");
}

TEST_CASE("a load does not write into memory that is const") {
  struct Holder {
    Tensor w;
    void visit(Visitor& v) { v("w", w); }
  };
  const std::vector<float> fixed = {1, 2};
  Holder target{from_memory(fixed.data(), {2})};
  const Holder source{full({2}, 9.0)};

  CHECK_THROWS_WITH_AS(
      copy(source, target),
      "copy: the states do not match: 'w' is in memory that must not be written in the target; both "
      "must have the same names, types and shapes",
      Error);
  CHECK(fixed == std::vector<float>{1, 2});
}
