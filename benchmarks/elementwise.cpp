#include "elementwise.hpp"

#include <cstring>
#include <xgrad/core/fuse.hpp>
#include <xgrad/xgrad.hpp>
#include <xsimd/xsimd.hpp>

using namespace xgrad;
using namespace bench::elementwise;
using bench::Run;

namespace {

template <class F>
Run by_xgrad(F f) {
  const auto leaf = [](const std::vector<float>& v) { return tensor(v).requires_grad_(); };
  const Tensor x = leaf(inputs().x), w = leaf(inputs().w), b = leaf(inputs().b);
  return {[=] {
            for (Tensor t : {x, w, b}) t.zero_grad();
            const Tensor loss = f(x, w, b);
            loss.backward();
            return loss.item();
          },
          [=] {
            double all = 0;
            for (const Tensor& t : {x, w, b}) all += bench::squares(t.grad().data<float>());
            return all;
          }};
}

Run op_by_op() {
  return by_xgrad(
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return sum(tanh(x * w + b) * sigmoid(x)); });
}

Run fused() {
  return by_xgrad([](const Tensor& x, const Tensor& w, const Tensor& b) {
    return sum(fuse([](auto u, auto v, auto c) { return tanh(u * v + c) * sigmoid(u); }, x, w, b));
  });
}

/// One pass for the value and all gradients, which only by hand is possible: the cotangents are known to
/// be 1.
Run by_hand() {
  struct State {
    std::vector<float> gx = std::vector<float>(count), gw = gx, gb = gx;
  };
  const auto s = std::make_shared<State>();
  return {[s] {
            using V = xsimd::batch<float>;
            constexpr std::int64_t run = 8192;
            const float *x = inputs().x.data(), *w = inputs().w.data(), *b = inputs().b.data();
            double total = 0;
            for (std::int64_t start = 0; start < count; start += run) {
              V sum(0.0f);
              for (std::int64_t i = start; i < start + run; i += static_cast<std::int64_t>(V::size)) {
                const V u = V::load_unaligned(x + i), v = V::load_unaligned(w + i);
                const V t = xsimd::tanh(u * v + V::load_unaligned(b + i));
                const V sig = 1.0f / (1.0f + xsimd::exp(-u));
                const V d = (1.0f - t * t) * sig;
                sum += t * sig;
                d.store_unaligned(s->gb.data() + i);
                (d * u).store_unaligned(s->gw.data() + i);
                (d * v + t * sig * (1.0f - sig)).store_unaligned(s->gx.data() + i);
              }
              total += static_cast<double>(xsimd::hadd(sum));
            }
            return total;
          },
          [s] { return bench::squares(s->gx) + bench::squares(s->gw) + bench::squares(s->gb); }};
}

/// As many bytes read and written.
Run copy() {
  return {[to = std::vector<float>(3 * count)]() mutable {
    int k = 0;
    for (const auto* from : {&inputs().x, &inputs().w, &inputs().b})
      std::memcpy(to.data() + count * k++, from->data(), count * sizeof(float));
    return static_cast<double>(to[0]);
  }};
}

const bench::Contender ops("elementwise", "xgrad", op_by_op), one_op("elementwise", "fused", fused),
    floor_("elementwise", "by_hand", by_hand), copied("elementwise", "copy", copy, {.compared = false});

}  // namespace
