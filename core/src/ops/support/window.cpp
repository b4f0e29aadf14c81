#include "ops/support/window.hpp"

#include <climits>

namespace xgrad::detail {
namespace {

std::int16_t small_number(const char* op, const char* what, int n, int least) {
  if (n < least || n > SHRT_MAX)
    fail(op, std::string(what) + (n < least ? " must be at least " : " must be at most ") +
                 std::to_string(n < least ? least : SHRT_MAX) + ": it is " + std::to_string(n));
  return static_cast<std::int16_t>(n);
}

}  // namespace

Window window_of(const char* op, Pair kernel, Pair stride, Pair padding, Pair dilation) {
  const auto n = [op](const char* what, int value, int least) {
    return small_number(op, what, value, least);
  };
  return {n("the stride", stride.height, 1),     n("the stride", stride.width, 1),
          n("the padding", padding.height, 0),   n("the padding", padding.width, 0),
          n("the dilation", dilation.height, 1), n("the dilation", dilation.width, 1),
          n("the kernel", kernel.height, 1),     n("the kernel", kernel.width, 1)};
}

void check_fits(const char* op, const Window& k, std::int64_t h, std::int64_t w, const std::string& all) {
  if (k.out_h(h) < 1 || k.out_w(w) < 1)
    fail(op,
         "the kernel is larger than the padded image: " + all + "; take a smaller kernel, or more padding");
}

}  // namespace xgrad::detail
