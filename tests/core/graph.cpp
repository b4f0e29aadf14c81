#include <doctest/doctest.h>

#include <string>
#include <xgrad/core.hpp>

using namespace xgrad;
using V = std::vector<double>;

TEST_CASE("to_dot draws ops, leaves and kept values") {
  const Tensor x = tensor(V{1, 2}, {.requires_grad = true}), c = tensor(V{3, 4});

  const std::string dot = to_dot(x * c + x);

  CHECK(dot ==
        "digraph xgrad {\n"
        "  rankdir=BT;\n"
        "  n0 [label=\"add\\nf64[2]\"];\n"
        "  n1 -> n0;\n"
        "  n2 -> n0;\n"
        "  n1 [label=\"mul\\nf64[2]\"];\n"
        "  n2 -> n1;\n"
        "  n3 -> n1 [style=dashed];\n"
        "  n2 [label=\"leaf\\nf64[2]\", shape=box];\n"
        "  n3 [label=\"constant\\nf64[2]\", shape=box];\n"
        "}\n");
}

TEST_CASE("summary counts nodes and the bytes that rules keep, each value once") {
  const Tensor x = tensor(V{1, 2}, {.requires_grad = true});

  const std::string text = summary(exp(x) * exp(x));

  CHECK(text ==
        "op                 output  calls  kept bytes\n"
        "exp                f64[2]      2          32\n"
        "mul                f64[2]      1           0\n"
        "leaves                         1          16\n"
        "kept for backward              3          32\n");
}

TEST_CASE("several outputs of a call are one call, whose edges say which of them they lead from") {
  const Tensor x = tensor(V{1, 2, 3, 4}, {.requires_grad = true});
  const auto parts = split(x, 2);

  const std::string dot = to_dot(parts[1] * parts[0]);

  CHECK(dot ==
        "digraph xgrad {\n"
        "  rankdir=BT;\n"
        "  n0 [label=\"mul\\nf64[2]\"];\n"
        "  n1 -> n0 [label=\"1\", style=dashed];\n"
        "  n1 -> n0 [label=\"0\", style=dashed];\n"
        "  n1 [label=\"split\\nf64[2], f64[2]\"];\n"
        "  n2 -> n1;\n"
        "  n3 -> n1 [style=dashed];\n"
        "  n2 [label=\"leaf\\nf64[4]\", shape=box];\n"
        "  n3 [label=\"constant\\ni64[3]\", shape=box];\n"
        "}\n");
}

TEST_CASE("a constant and a graph that backward has freed are drawn as far as they are there") {
  const Tensor x = tensor(V{1, 2}, {.requires_grad = true});
  const Tensor y = sum(exp(x));
  y.backward();

  CHECK(to_dot(x.detach()) ==
        "digraph xgrad {\n  rankdir=BT;\n  n0 [label=\"constant\\nf64[2]\", shape=box];\n}\n");
  CHECK(to_dot(y).find("label=\"sum") != std::string::npos);
  CHECK(summary(y).find("kept for backward") != std::string::npos);
}

TEST_CASE("a program is drawn with its attributes, inputs, constants and outputs") {
  const Tensor w = tensor(V{3, 4});
  const Program p = trace([&](const Tensor& x, const Tensor&) { return softmax(x * w, 0) + 2; },
                          {tensor(V{1, 2}), tensor(V{5})});

  CHECK(to_dot(p) ==
        "digraph xgrad {\n"
        "  rankdir=BT;\n"
        "  n0 [label=\"add_number\\nnumber=2\\nf64[2]\", peripheries=2];\n"
        "  n1 -> n0;\n"
        "  n1 [label=\"softmax\\naxis=0\\nf64[2]\"];\n"
        "  n2 -> n1;\n"
        "  n2 [label=\"mul\\nf64[2]\"];\n"
        "  n3 -> n2;\n"
        "  n4 -> n2;\n"
        "  n3 [label=\"input 0\\nf64[2]\", shape=box];\n"
        "  n4 [label=\"constant\\nf64[2]\", shape=box];\n"
        "  n5 [label=\"input 1\\nf64[1]\", shape=box];\n"
        "}\n");
  CHECK(summary(p) ==
        "op          output  attributes  calls  bytes\n"
        "mul         f64[2]                  1     16\n"
        "softmax     f64[2]  axis=0          1     16\n"
        "add_number  f64[2]  number=2        1     16\n"
        "inputs                              2     24\n"
        "constants                           1     16\n"
        "all calls                           3     48\n");
}
