// Where a window fits into an image, against the definition: along each axis, whatever the other one is.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

namespace {

struct Sizes {
  Pair image, kernel, padding, dilation;
};

/// The places of a window along an axis; 0 where it is larger than the padded image.
int places(int image, int kernel, int padding, int dilation) {
  const int span = dilation * (kernel - 1) + 1, room = image + 2 * padding;
  return span > room ? 0 : room - span + 1;
}

/// The same axis of all sizes with these numbers, the other one with numbers that fit.
Sizes along(bool height, int image, int kernel, int padding, int dilation) {
  const auto pair = [&](int n, int other) { return height ? Pair{n, other} : Pair{other, n}; };
  return {pair(image, 5), pair(kernel, 2), pair(padding, 0), pair(dilation, 3)};
}

/// f of each small image, kernel, padding and dilation refuses those that do not fit, and its result is of as
/// many elements as there are places.
void check_places(const char* name, const std::function<Tensor(const Tensor&, const Sizes&)>& f,
                  int halves = 9) {
  for (bool height : {true, false})
    for (int image = 1; image <= 4; ++image)
      for (int kernel = 1; kernel <= 4; ++kernel)
        for (int padding = 0; padding <= std::min(2, kernel * halves / 2); ++padding)
          for (int dilation = 1; dilation <= 3; ++dilation) {
            const Sizes s = along(height, image, kernel, padding, dilation);
            const std::int64_t right =
                places(s.image.height, s.kernel.height, s.padding.height, s.dilation.height) *
                places(s.image.width, s.kernel.width, s.padding.width, s.dilation.width);

            std::int64_t count = 0;
            const std::string message = message_of([&] {
              count = f(ones({1, 1, s.image.height, s.image.width}), s).numel();
            });

            INFO(name, ", ", (height ? "height" : "width"), ": image ", image, ", kernel ", kernel,
                 ", padding ", padding, ", dilation ", dilation, ": ", message);
            CHECK(count == right);
            CHECK((message == "") == (right > 0));
            if (right == 0)
              CHECK(message.find("the kernel is larger than the padded image") != std::string::npos);
          }
}

}  // namespace

TEST_CASE("a window is refused just where it is larger than the padded image") {
  check_places("conv2d", [](const Tensor& x, const Sizes& s) {
    return conv2d(x, ones({1, 1, s.kernel.height, s.kernel.width}), {},
                  {.padding = s.padding, .dilation = s.dilation});
  });
  check_places("unfold", [](const Tensor& x, const Sizes& s) {
    return select(unfold(x, s.kernel, {.dilation = s.dilation, .padding = s.padding}), 1, 0);
  });
  check_places("fold", [](const Tensor&, const Sizes& s) {
    const int n = places(s.image.height, s.kernel.height, s.padding.height, s.dilation.height) *
                  places(s.image.width, s.kernel.width, s.padding.width, s.dilation.width);
    const Tensor columns = ones({1, s.kernel.height * s.kernel.width, n});
    fold(columns, s.image, s.kernel, {.dilation = s.dilation, .padding = s.padding});
    return select(columns, 1, 0);
  });
  check_places(
      "max_pool2d",
      [](const Tensor& x, const Sizes& s) {
        return max_pool2d(x, s.kernel, {.stride = 1, .padding = s.padding, .dilation = s.dilation});
      },
      1);
}
