#include "convolution.hpp"

#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::convolution;
using bench::Run;

namespace {

Run run_of(const Case& c) {
  const Inputs in(c);
  const std::vector<Tensor> p = {bench::leaf(in.x, {c.images, c.channels, c.size, c.size}),
                                 bench::leaf(in.w, {c.outputs, c.channels / c.groups, c.kernel, c.kernel})};
  const Tensor t = tensor(in.t, {c.images, c.outputs, c.places(), c.places()});
  return {[=] {
            bench::forget_gradients(p);
            const Tensor y = conv2d(
                p[0], p[1], {},
                {.stride = c.stride, .padding = c.padding, .dilation = c.dilation, .groups = c.groups});
            const Tensor loss = sum(y * t);
            loss.backward();
            return loss.item();
          },
          [=] { return bench::gradient_squares(p); }};
}

const bool added = [] {
  for (const Case& c : cases) bench::Contender(c.work(), "xgrad", [&c] { return run_of(c); });
  return true;
}();

}  // namespace
