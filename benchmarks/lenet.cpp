#include "lenet.hpp"

#include "support/floor.hpp"
#include "support/leaf.hpp"

using namespace xgrad;
using bench::Run;
using bench::lenet::batch, bench::lenet::Inputs, bench::Layer, bench::lenet::lr;

namespace {

Run by_xgrad() {
  const Inputs in;
  std::vector<Tensor> p{bench::leaf(in.conv1.w, {6, 1, 5, 5}), bench::leaf(in.conv1.b, {6}),
                        bench::leaf(in.conv2.w, {16, 6, 5, 5}), bench::leaf(in.conv2.b, {16})};
  for (const Layer& l : {in.fc1, in.fc2, in.fc3}) {
    p.push_back(bench::leaf(l.w, {l.out, l.in}));
    p.push_back(bench::leaf(l.b, {l.out}));
  }
  const auto sgd = std::make_shared<optim::SGD>(p, optim::SgdOptions{.lr = lr});
  return {[=, x = tensor(in.x, {batch, 1, 28, 28}), labels = tensor(in.labels)] {
            Tensor h = max_pool2d(relu(conv2d(x, p[0], p[1], {.padding = 2})), 2);
            h = max_pool2d(relu(conv2d(h, p[2], p[3])), 2).flatten(1);
            h = relu(linear(h, p[4], p[5]));
            h = relu(linear(h, p[6], p[7]));
            const Tensor loss = cross_entropy(linear(h, p[8], p[9]), labels);
            sgd->zero_grad();
            loss.backward();
            sgd->step();
            return loss.item();
          },
          [=] { return bench::gradient_squares(p); }};
}

struct Parameter {
  Layer layer;
  std::vector<float> gw = std::vector<float>(layer.w.size()), gb = std::vector<float>(layer.b.size());

  void descend() {
    bench::descend(layer.w, gw, static_cast<float>(lr));
    bench::descend(layer.b, gb, static_cast<float>(lr));
  }
  double gradient_squares() const { return bench::squares(gw) + bench::squares(gb); }
};

/// A 5x5 convolution with ReLU and 2x2 pooling by hand: patches as columns, one product an image.
struct Convolution {
  Parameter p;
  int channels, size, padding;                         // of the input
  int made = size + 2 * padding - 4, half = made / 2;  // sizes of the output, and after pooling
  std::size_t columns_size = static_cast<std::size_t>(p.layer.in * made * made),
              pooled_size = static_cast<std::size_t>(p.layer.out * half * half);
  std::vector<float> columns = std::vector<float>(columns_size * batch),
                     maps = std::vector<float>(static_cast<std::size_t>(p.layer.out * made * made)),
                     gmaps = maps, gcolumns = std::vector<float>(columns_size),
                     pooled = std::vector<float>(pooled_size * batch), g = pooled;
  std::vector<int> where = std::vector<int>(pooled_size * batch);

  /// f(row of the columns, its place in a line of the image, output row, first, last) for each row of
  /// patches.
  template <class F>
  void each_line(F f) const {
    for (int c = 0, row = 0; c < channels; ++c)
      for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 5; ++j, ++row)
          for (int y = 0; y < made; ++y) {
            const int from = y + i - padding;
            const int first = std::max(0, padding - j), last = std::min(made, size + padding - j);
            f((row * made + y) * made,
              from >= 0 && from < size ? (c * size + from) * size + j - padding : -1000, first, last);
          }
  }

  void forward(const float* x) {
    for (std::size_t n = 0; n < batch; ++n, x += channels * size * size) {
      float* to = &columns[n * columns_size];
      each_line([&](int row, int line, int first, int last) {
        if (line == -1000) first = last = made;
        for (int k = 0; k < first; ++k) to[row + k] = 0;
        for (int k = first; k < last; ++k) to[row + k] = x[line + k];
        for (int k = last; k < made; ++k) to[row + k] = 0;
      });
      const int area = made * made;
      for (int o = 0; o < p.layer.out; ++o)
        std::fill_n(&maps[static_cast<std::size_t>(o * area)], area, p.layer.b[static_cast<std::size_t>(o)]);
      bench::product(p.layer.out, area, p.layer.in, {p.layer.w.data(), p.layer.in}, {to, area}, 1,
                     maps.data(), area);
      pool(n);
    }
  }

  void pool(std::size_t n) {
    std::size_t at = n * pooled_size;
    for (int o = 0; o < p.layer.out; ++o)
      for (int y = 0; y < half; ++y)
        for (int x = 0; x < half; ++x, ++at) {
          const int first = (o * made + 2 * y) * made + 2 * x;
          int best = first;
          for (const int k : {first + 1, first + made, first + made + 1})
            if (maps[static_cast<std::size_t>(k)] > maps[static_cast<std::size_t>(best)]) best = k;
          pooled[at] = std::max(maps[static_cast<std::size_t>(best)], 0.0f);
          where[at] = best;
        }
  }

  /// From g; gx may be null.
  void backward(float* gx) {
    const int area = made * made;
    std::fill(p.gb.begin(), p.gb.end(), 0.0f);
    for (std::size_t n = 0; n < batch; ++n) {
      std::fill(gmaps.begin(), gmaps.end(), 0.0f);
      for (std::size_t k = n * pooled_size; k < (n + 1) * pooled_size; ++k)
        if (pooled[k] > 0) {
          gmaps[static_cast<std::size_t>(where[k])] = g[k];
          p.gb[static_cast<std::size_t>(where[k] / area)] += g[k];
        }
      bench::product(p.layer.out, p.layer.in, area, {gmaps.data(), area},
                     {&columns[n * columns_size], area, true}, n ? 1.0f : 0.0f, p.gw.data(), p.layer.in);
      if (!gx) continue;
      bench::product(p.layer.in, area, p.layer.out, {p.layer.w.data(), p.layer.in, true},
                     {gmaps.data(), area}, 0, gcolumns.data(), area);
      std::fill_n(gx, channels * size * size, 0.0f);
      each_line([&](int row, int line, int first, int last) {
        if (line == -1000) return;
        for (int k = first; k < last; ++k) gx[line + k] += gcolumns[static_cast<std::size_t>(row + k)];
      });
      gx += channels * size * size;
    }
  }
};

class ByHand {
 public:
  double step() {
    conv1_.forward(in_.x.data());
    conv2_.forward(conv1_.pooled.data());
    const float* x = conv2_.pooled.data();
    for (std::size_t l = 0; l < 3; ++l) {
      const Layer& w = fc_[l].layer;
      bench::linear(batch, w.in, w.out, x, w.w.data(), w.b.data(), h_[l].data());
      if (l < 2) bench::relu(h_[l]);
      x = h_[l].data();
    }
    const double loss = bench::cross_entropy(batch, 10, x, in_.labels.data(), g_[2].data());
    for (std::size_t l = 3; l-- > 0;) {
      Parameter& p = fc_[l];
      bench::linear_gradients(batch, p.layer.in, p.layer.out, l ? h_[l - 1].data() : conv2_.pooled.data(),
                              p.layer.w.data(), g_[l].data(), l ? g_[l - 1].data() : conv2_.g.data(),
                              p.gw.data(), p.gb.data());
      if (l) bench::relu_gradient(h_[l - 1], g_[l - 1]);
    }
    conv2_.backward(conv1_.g.data());
    conv1_.backward(nullptr);
    for (Parameter* p : parameters()) p->descend();
    return loss;
  }

  double gradient_squares() {
    double sum = 0;
    for (const Parameter* p : parameters()) sum += p->gradient_squares();
    return sum;
  }

 private:
  std::array<Parameter*, 5> parameters() { return {&conv1_.p, &conv2_.p, &fc_[0], &fc_[1], &fc_[2]}; }

  Inputs in_;
  Convolution conv1_{{in_.conv1}, 1, 28, 2}, conv2_{{in_.conv2}, 6, 14, 0};
  Parameter fc_[3] = {{in_.fc1}, {in_.fc2}, {in_.fc3}};
  std::vector<float> h_[3] = {std::vector<float>(batch * 120), std::vector<float>(batch * 84),
                              std::vector<float>(batch * 10)},
                     g_[3] = {h_[0], h_[1], h_[2]};
};

const bench::Contender ops("lenet", "xgrad", by_xgrad), hand("lenet", "by_hand", [] {
  const auto h = std::make_shared<ByHand>();
  return Run{[h] { return h->step(); }, [h] { return h->gradient_squares(); }};
});

}  // namespace
