#include "transformer.hpp"

#include <xsimd/xsimd.hpp>

#include "support/floor.hpp"
#include "support/leaf.hpp"

using namespace xgrad;
using namespace bench::transformer;
using bench::Run;

namespace {

Run by_xgrad() {
  const Inputs in;
  std::vector<Tensor> p;
  for (const bench::Layer& l : {in.qkv, in.out, in.up, in.down}) {
    p.push_back(bench::leaf(l.w, {l.out, l.in}));
    p.push_back(bench::leaf(l.b, {l.out}));
  }
  for (const auto* v : {&in.scale1, &in.shift1, &in.scale2, &in.shift2})
    p.push_back(bench::leaf(*v, {width}));
  const auto sgd = std::make_shared<optim::SGD>(p, optim::SgdOptions{.lr = lr});
  const Tensor x = tensor(in.x, {batch, length, width}), target = tensor(in.target, {batch, length, width});
  return {[=] {
            const std::vector<Tensor> qkv = unbind(
                linear(x, p[0], p[1]).reshape({batch, length, 3, heads, head}).permute({2, 0, 3, 1, 4}));
            const Tensor seen = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
            const Tensor joined = seen.permute({0, 2, 1, 3}).reshape({batch, length, width});
            const Tensor h = layer_norm(x + linear(joined, p[2], p[3]), {width}, p[8], p[9], eps);
            const Tensor fed = linear(linear(h, p[4], p[5], Activation::relu), p[6], p[7]);
            const Tensor loss = mse_loss(layer_norm(h + fed, {width}, p[10], p[11], eps), target);
            sgd->zero_grad();
            loss.backward();
            sgd->step();
            return loss.item();
          },
          [=] { return bench::gradient_squares(p); }};
}

using V = xsimd::batch<float>;
constexpr int lanes = static_cast<int>(V::size);

std::vector<float> rows_of(int columns) {
  return std::vector<float>(static_cast<std::size_t>(rows * columns));
}

struct Linear {
  bench::Layer l;
  std::vector<float> gw = std::vector<float>(l.w.size()), gb = std::vector<float>(l.b.size());

  void forward(const std::vector<float>& x, std::vector<float>& y) const {
    bench::linear(rows, l.in, l.out, x.data(), l.w.data(), l.b.data(), y.data());
  }
  void backward(const std::vector<float>& x, const std::vector<float>& g, float* gx) {
    bench::linear_gradients(rows, l.in, l.out, x.data(), l.w.data(), g.data(), gx, gw.data(), gb.data());
  }
  void descend() {
    bench::descend(l.w, gw, static_cast<float>(lr));
    bench::descend(l.b, gb, static_cast<float>(lr));
  }
  double squares() const { return bench::squares(gw) + bench::squares(gb); }
};

float sum_of(const float* x) {
  V sum(0.0f);
  for (int j = 0; j < width; j += lanes) sum += V::load_unaligned(x + j);
  return xsimd::hadd(sum);
}

/// y = normalised(a + b) scale + shift; keeps what its gradient needs.
struct Norm {
  std::vector<float> scale, shift, g_scale = scale, g_shift = shift, normal = rows_of(width),
                                   root = std::vector<float>(rows);

  void forward(const std::vector<float>& a, const std::vector<float>& b, std::vector<float>& y) {
    for (std::size_t r = 0; r < rows; ++r) {
      float* n = &normal[r * width];
      for (std::size_t j = 0; j < width; ++j) n[j] = a[r * width + j] + b[r * width + j];
      const float mean = sum_of(n) / width;
      float squares[width];
      for (std::size_t j = 0; j < width; ++j) n[j] -= mean, squares[j] = n[j] * n[j];
      root[r] = 1 / std::sqrt(sum_of(squares) / width + static_cast<float>(eps));
      for (std::size_t j = 0; j < width; ++j) {
        n[j] *= root[r];
        y[r * width + j] = n[j] * scale[j] + shift[j];
      }
    }
  }

  /// g becomes the gradient of a + b.
  void backward(std::vector<float>& g) {
    std::fill(g_scale.begin(), g_scale.end(), 0.0f);
    std::fill(g_shift.begin(), g_shift.end(), 0.0f);
    for (std::size_t r = 0; r < rows; ++r) {
      float *d = &g[r * width], products[width];
      const float* n = &normal[r * width];
      for (std::size_t j = 0; j < width; ++j) {
        g_shift[j] += d[j];
        g_scale[j] += d[j] * n[j];
        d[j] *= scale[j];
        products[j] = d[j] * n[j];
      }
      const float mean = sum_of(d) / width, along = sum_of(products) / width;
      for (std::size_t j = 0; j < width; ++j) d[j] = root[r] * (d[j] - mean - n[j] * along);
    }
  }
  void descend() {
    bench::descend(scale, g_scale, static_cast<float>(lr));
    bench::descend(shift, g_shift, static_cast<float>(lr));
  }
  double squares() const { return bench::squares(g_scale) + bench::squares(g_shift); }
};

class ByHand {
 public:
  double step() {
    qkv_.forward(in_.x, qkv_y_);
    for (int i = 0; i < batch * heads; ++i) attend(i);
    out_.forward(seen_, out_y_);
    norm1_.forward(in_.x, out_y_, h_);
    up_.forward(h_, up_y_);
    bench::relu(up_y_);
    down_.forward(up_y_, down_y_);
    norm2_.forward(h_, down_y_, y_);

    V sum(0.0f);
    for (std::size_t i = 0; i < y_.size(); i += V::size) {
      const V d = V::load_unaligned(&y_[i]) - V::load_unaligned(&in_.target[i]);
      sum += d * d;
      (d * (2.0f / (rows * width))).store_unaligned(&g_[i]);
    }

    norm2_.backward(g_);
    down_.backward(up_y_, g_, g_up_.data());
    bench::relu_gradient(up_y_, g_up_);
    up_.backward(h_, g_up_, g_h_.data());
    for (std::size_t i = 0; i < g_h_.size(); ++i) g_h_[i] += g_[i];
    norm1_.backward(g_h_);
    out_.backward(seen_, g_h_, g_seen_.data());
    for (int i = 0; i < batch * heads; ++i) attend_gradient(i);
    qkv_.backward(in_.x, g_qkv_, nullptr);
    for (Linear* l : {&qkv_, &out_, &up_, &down_}) l->descend();
    for (Norm* n : {&norm1_, &norm2_}) n->descend();
    return static_cast<double>(xsimd::hadd(sum)) / (rows * width);
  }

  double gradient_squares() const {
    double sum = norm1_.squares() + norm2_.squares();
    for (const Linear* l : {&qkv_, &out_, &up_, &down_}) sum += l->squares();
    return sum;
  }

 private:
  static constexpr int stride = 3 * width, scores_size = length * length;
  static std::size_t place(int i, int row_size) {
    return static_cast<std::size_t>(i / heads * length * row_size + i % heads * head);
  }
  static inline const float scale_ = 1 / std::sqrt(static_cast<float>(head));

  void attend(int i) {
    const float* q = &qkv_y_[place(i, stride)];
    float* p = &weights_[static_cast<std::size_t>(i * scores_size)];
    bench::product(length, length, head, {q, stride}, {q + width, stride, true}, 0, p, length);
    for (float* row = p; row < p + scores_size; row += length) {
      V largest = V::load_unaligned(row), sum(0.0f);
      for (int j = lanes; j < length; j += lanes) largest = xsimd::max(largest, V::load_unaligned(row + j));
      float top = largest.get(0);
      for (std::size_t j = 1; j < V::size; ++j) top = std::max(top, largest.get(j));
      for (int j = 0; j < length; j += lanes) {
        const V e = xsimd::exp((V::load_unaligned(row + j) - top) * scale_);
        sum += e;
        e.store_unaligned(row + j);
      }
      const float inverse = 1 / xsimd::hadd(sum);
      for (int j = 0; j < length; ++j) row[j] *= inverse;
    }
    bench::product(length, head, length, {p, length}, {q + 2 * width, stride}, 0, &seen_[place(i, width)],
                   width);
  }

  void attend_gradient(int i) {
    const float *q = &qkv_y_[place(i, stride)], *p = &weights_[static_cast<std::size_t>(i * scores_size)],
                *g = &g_seen_[place(i, width)];
    float *gq = &g_qkv_[place(i, stride)], *gp = g_scores_.data();
    bench::product(length, head, length, {p, length, true}, {g, width}, 0, gq + 2 * width, stride);
    bench::product(length, length, head, {g, width}, {q + 2 * width, stride, true}, 0, gp, length);
    for (int r = 0; r < length; ++r, p += length, gp += length) {
      V along(0.0f);
      for (int j = 0; j < length; j += lanes) along += V::load_unaligned(p + j) * V::load_unaligned(gp + j);
      const float mean = xsimd::hadd(along);
      for (int j = 0; j < length; ++j) gp[j] = p[j] * (gp[j] - mean) * scale_;
    }
    gp = g_scores_.data();
    bench::product(length, head, length, {gp, length}, {q + width, stride}, 0, gq, stride);
    bench::product(length, head, length, {gp, length, true}, {q, stride}, 0, gq + width, stride);
  }

  Inputs in_;
  Linear qkv_{in_.qkv}, out_{in_.out}, up_{in_.up}, down_{in_.down};
  Norm norm1_{in_.scale1, in_.shift1}, norm2_{in_.scale2, in_.shift2};
  std::vector<float> qkv_y_ = rows_of(stride), seen_ = rows_of(width), out_y_ = seen_, h_ = seen_,
                     down_y_ = seen_, y_ = seen_, up_y_ = rows_of(inner), g_ = seen_, g_h_ = seen_,
                     g_seen_ = seen_, g_up_ = up_y_, g_qkv_ = qkv_y_,
                     weights_ = std::vector<float>(batch * heads * scores_size),
                     g_scores_ = std::vector<float>(scores_size);
};

const bench::Contender ops("transformer", "xgrad", by_xgrad), hand("transformer", "by_hand", [] {
  const auto h = std::make_shared<ByHand>();
  return Run{[h] { return h->step(); }, [h] { return h->gradient_squares(); }};
});

}  // namespace
