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

  CHECK(text.find("exp                              2 nodes              32 bytes\n") != std::string::npos);
  CHECK(text.find("mul                              1 nodes               0 bytes\n") != std::string::npos);
  CHECK(text.find("leaves                           1 nodes              16 bytes\n") != std::string::npos);
  CHECK(text.find("kept for backward                3 nodes              32 bytes\n") != std::string::npos);
}
