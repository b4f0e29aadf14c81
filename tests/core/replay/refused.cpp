// What a replay refuses, in words.

#include <doctest/doctest.h>

#include <xgrad/xgrad.hpp>

#include "xgrad/core/hooks.hpp"
#include "xgrad/core/replay.hpp"

using namespace xgrad;

namespace {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

bool says(const std::function<void()>& f, const std::string& text) {
  const std::string message = message_of(f);
  INFO(message);
  const bool found = message.find(text) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("a step that reads elements on the host is refused where it reads them") {
  const Tensor x = ones({1});
  says([&] { capture([&] { (x + 1).item(); }); },
       "item: the elements are read or written while a step is recorded, and what they are now would be used "
       "in "
       "every replay: x is f32[1]; do it before or after the step, or compute with tensors, as by where()");
  says([&] { capture([&] { x.to_vector<float>(); }); }, "to_vector: the elements are read");
  says([&] { capture([&] { x.data<float>(); }); }, "data: the elements are read");
  says([&] { capture([&] { (x + 1).at({0}); }); }, "at: the elements are read");
  says([&] { capture([&] { x.str(); }); }, "the elements are read");
}

TEST_CASE("an op whose result hangs on values is refused by its kernel") {
  const Tensor x = tensor({1.0, 0.0, 2.0});
  Tensor y;
  says([&] { capture([&] { y = nonzero(x); }); }, "capture: the kernel nonzero refers to");
  says([&] { capture([&] { y = masked_select(x, x > 0); }); }, "capture: ");
  says([&] { capture([&] { y = tensor({1.0, 2.0}) + 1; }); }, "capture: the kernel from_list refers to");
}

TEST_CASE("a step that lets go of what it reads is refused") {
  Tensor h = ones({2});
  says([&] { capture([&] { h = tanh(h); }); }, "capture: the step reads a tensor and lets go of it");
}

TEST_CASE("a step that is not the same twice is refused") {
  const Tensor x = ones({2});
  Tensor y;
  double factor = 1;
  Replay step = capture([&] { y = x * (factor += 1); });
  says(
      [&] {
        for (int i = 0; i < 4; ++i) step();
      },
      "capture: the step is not the same twice: ");
}

TEST_CASE("a verified replay notices that the eager step has become another one") {
  const Tensor x = ones({2});
  Tensor y;
  double factor = 2;
  Replay step = capture([&] { y = x * factor; }, {.verify = true});
  step();
  step();
  factor = 3;

  says([&] { step(); },
       "replay: the eager step is another one than was recorded: the numbers that the host gives");
}

TEST_CASE("a hook is refused") {
  Tensor w = ones({2}, {.requires_grad = true});
  const HookHandle hook = register_hook(w, [](const Tensor& g) { return g * 2; });
  says(
      [&] {
        capture([&] {
          w.zero_grad();
          sum(w * w).backward();
        });
      },
      "capture: hook: a hook runs");
}

TEST_CASE("a replay throws where a gradient is there that was not when it was recorded") {
  Tensor w = ones({2}, {.requires_grad = true});
  Replay step = capture([&] {
    sum(w * w).backward();
    w.zero_grad();
  });
  step();
  w.set_grad(ones({2}));

  says([&] { step(); },
       "replay: a leaf has a gradient than when the step was recorded: it is f32[2]; call zero_grad() before "
       "it");
}

TEST_CASE("labels and indices are looked at in each replay") {
  Tensor label = tensor({0, 2}, {.dtype = int64}), y;
  const Tensor x = ones({2, 3});
  Replay step = capture([&] { y = nll_loss(x, label); });
  step();
  label.copy_(tensor({0, 3}, {.dtype = int64}));

  says([&] { step(); },
       "nll_loss: the elements are such that it would be computed in another way than when the "
       "step was recorded, or out of range; capture the step again");
}

TEST_CASE("anomaly mode is refused, by a recording and by a replay") {
  const Tensor x = ones({2});
  Tensor y;
  Replay step = capture([&] { y = x + 1; });
  step();
  const AnomalyMode guard;

  says([&] { step(); }, "replay: anomaly mode is on");
  says([&] { capture([&] { y = x + 1; }); }, "capture: anomaly mode is on");
}

TEST_CASE("captures do not nest, and an empty step is none") {
  says([&] { capture([&] { capture([] {}); }); }, "capture: a step is recorded already");
  says([&] { capture({}); }, "capture: the step is empty");
}
