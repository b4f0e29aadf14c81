#pragma once

#include <string>

#include "support/work.hpp"

// Attention, 4 heads of 64 over long sequences: sum(y t) and its gradients of q, k and v.

namespace bench::attention {

inline constexpr int heads = 4, head = 64;

struct Case {
  int length;
  bool causal;
  std::string name() const { return "attention_" + std::to_string(length) + (causal ? "_causal" : ""); }
};
inline constexpr Case cases[] = {{1024, false}, {1024, true}, {2048, false}, {2048, true}};

struct Inputs {
  explicit Inputs(int length) {
    unsigned seed = 1;
    for (auto* x : {&q, &k, &v, &t}) *x = uniform(heads * length * head, -2, 2, seed++);
  }
  std::vector<float> q, k, v, t;
};

}  // namespace bench::attention
