#pragma once

// What has state, of each kind.

#include <string>

#include "xgrad/core.hpp"

namespace xgrad::test {

struct Layer {
  Tensor weight = tensor({1.f, 2.f}, {.requires_grad = true});
  Tensor mean = zeros({2});

  void visit(Visitor& v) { v("weight", weight), v.buffer("mean", mean); }
};

struct Counter {
  std::int64_t count = 3;
  std::size_t size = 4;
  int small = -5;
  double rate = 0.5;
  bool on = true;
  std::string text = "a b";
  Generator stream{7};

  void visit(Visitor& v) {
    v("count", count), v("size", size), v("small", small), v("rate", rate), v("on", on), v("text", text);
    v("stream", stream);
  }
};

/// A lazy tensor that must be a vector.
struct Scale {
  Tensor scale;

  void visit(Visitor& v) {
    v.lazy("scale", scale);
    v.check([this] {
      if (scale.defined() && scale.dim() != 1)
        throw Error("Scale: scale must be a vector: it is " + scale.describe());
    });
  }
};

/// A message of an Error, "nothing" where there is none.
template <class F>
std::string said(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing";
}

}  // namespace xgrad::test
