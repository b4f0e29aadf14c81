// A profile for which there is no memory neither throws nor ends the program, and says what it has lost.

#include <doctest/doctest.h>

#include "core/failing/failing.hpp"
#include "xgrad/core.hpp"
#include "xgrad/core/launch.hpp"

using namespace xgrad;
using namespace xgrad::test;

TEST_CASE("where an allocation fails, a profile says what it has lost") {
  static constexpr detail::Kernel kernel{.name = "kernel"}, owned{.name = "owned", .owner = "owner"};
  const Tensor x = ones({2});
  bool failed = true;
  int k = 0;
  for (; failed; ++k) {
    Profile profile;
    {
      const FailingAllocation failing(k);
      detail::launch(kernel, {}, [] {}), detail::launch(owned, {}, [] {});
      failed = failing.failed();
    }
    detail::launch(kernel, {}, [] {});
    exp(x);

    const std::string text = profile.str();
    INFO(text);
    const bool says = text.find("no memory to count 1 more") != std::string::npos ||
                      text.find("later ones, which only the tables count") != std::string::npos;
    CHECK(says == failed);
  }
  CHECK(k > 4);
}
