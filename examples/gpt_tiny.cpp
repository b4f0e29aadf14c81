// The first chapters of Moby-Dick, character by character: a small transformer, and beside it an LSTM of as
// many weights that is trained for as long. Text is generated with a cache of keys and values, so that a
// character costs the same wherever it stands.

#include <ctime>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  bool lstm = false;
  int steps = 450;
  int lstm_steps = 500;
  int batch_size = 16;
  int context = 64;
  int width = 64;
  int layers = 4;
  int hidden = 256;  // of the LSTM
  double lr = 5e-3;
};

/// Layers of causal attention whose heads know distances by rotation. Radford et al., 2019.
struct Gpt : nn::Module {
  nn::Embedding embedding;
  nn::TransformerEncoder blocks;
  nn::Linear out;

  Gpt(std::int64_t characters, const Options& o)
      : embedding(characters, o.width),
        blocks(nn::TransformerEncoderLayer(o.width, 4,
                                           {.dim_feedforward = 4 * o.width,
                                            .dropout = 0,
                                            .activation = nn::TransformerActivation::gelu,
                                            .batch_first = true,
                                            .norm_first = true,
                                            .rotary_base = 10000}),
               o.layers, nn::LayerNorm(o.width)),
        out(o.width, characters) {}
  void visit(nn::Visitor& v) override { v("embedding", embedding), v("blocks", blocks), v("out", out); }

  Tensor forward(const Tensor& x) const override { return (*this)(x, nullptr); }
  using Module::operator();
  /// Logits of the next character behind each of x[batch, steps]; with a cache x are the steps behind those
  /// of earlier calls.
  Tensor operator()(const Tensor& x, std::vector<nn::KeyValues>* cache) const {
    return out(blocks(embedding(x), {.is_causal = true}, cache));
  }
};

struct Lstm : nn::Module {
  nn::Embedding embedding;
  nn::LSTM lstm;
  nn::Linear out;

  Lstm(std::int64_t characters, const Options& o)
      : embedding(characters, o.width),
        lstm(o.width, o.hidden, {.batch_first = true}),
        out(o.hidden, characters) {}
  void visit(nn::Visitor& v) override { v("embedding", embedding), v("lstm", lstm), v("out", out); }

  Tensor forward(const Tensor& x) const override { return out(lstm(embedding(x)).outputs); }
};

Tensor loss_of(const Tensor& logits, const Tensor& y) {
  return nn::cross_entropy(logits.flatten(0, 1), y.flatten());
}

std::int64_t weights_of(const nn::ModuleBase& model) {
  std::int64_t n = 0;
  for (const Tensor& p : model.parameters()) n += p.numel();
  return n;
}

/// Seconds of the processor that this program has used.
double processor_time() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Trains by batches of windows at random places; returns the loss over all windows of the held-out text.
double learn(const char* name, nn::Module& model, const Tensor& text, const Tensor& held_out, int steps,
             const Options& o) {
  const auto windows =
      data::language_windows(text, o.context, {.stride = 1}) |
      data::sample(data::random_sampler({.replacement = true, .num_samples = steps * o.batch_size})) |
      data::batch(o.batch_size);
  optim::AdamW adam(model, {.lr = o.lr, .betas = {0.9, 0.99}, .weight_decay = 0.01});
  optim::OneCycleLR one_cycle(
      adam, {.max_lr = o.lr, .total_steps = steps, .pct_start = 0.1, .cycle_momentum = false});
  const double begin = processor_time();
  {
    example::Progress progress(name, steps);
    train::fit(model, loss_of, adam, windows,
               {.schedules = {{one_cycle, train::Each::step}}, .clip_norm = 1, .show = train::Show::nothing});
  }
  const double seconds = processor_time() - begin;
  const auto all = data::language_windows(held_out, o.context) | data::batch(64);
  const double loss = train::evaluate(model, loss_of, all)["loss"];
  std::printf(
      "%-12s %7lld weights  %4d steps, %5.1f s of the processor  held-out text %.3f nats a character\n", name,
      static_cast<long long>(weights_of(model)), steps, seconds, loss);
  return loss;
}

/// The loss of a model that knows how often each character follows each other one in a text.
double loss_of_pairs(const Tensor& text, const Tensor& held_out, std::int64_t characters) {
  Tensor counts = full({characters, characters}, 0.1);  // so that nothing is impossible
  counts.index_put_({text.slice(0, 0, -1), text.slice(0, 1)}, 1, /*accumulate=*/true);
  const Tensor chances = counts / counts.sum({1}, true);
  return -log(chances.index({held_out.slice(0, 0, -1), held_out.slice(0, 1)})).mean().item();
}

/// Goes on behind a beginning, with a cache.
std::string go_on(const Gpt& model, const data::Vocabulary& vocabulary, std::string text, int length) {
  const NoGrad guard;
  std::vector<nn::KeyValues> cache;
  Tensor x = vocabulary.encode(data::characters(text)).unsqueeze(0);
  for (int i = 0; i < length; ++i) {
    const Tensor logits = model(x, &cache)[0][-1];
    const Tensor next = data::sample_logits(logits, {.temperature = 0.7, .top_p = 0.95});
    text += vocabulary.token(next.item<std::int64_t>());
    x = next.reshape({1, 1});
  }
  return text;
}

/// The largest difference between logits with and without a cache.
double error_of_cache(const Gpt& model, const Tensor& x) {
  const NoGrad guard;
  std::vector<nn::KeyValues> cache;
  std::vector<Tensor> one_by_one;
  for (std::int64_t i = 0; i < x.size(1); ++i) one_by_one.push_back(model(x.slice(1, i, i + 1), &cache));
  return max(abs(cat(one_by_one, 1) - model(x, nullptr))).item();
}

bool compare(const Options& options) {
  const std::vector<std::string> text =
      data::characters(data::read_text(example::data_file("moby_dick.txt.gz")));
  const data::Vocabulary vocabulary(text);
  const Tensor ids = vocabulary.encode(text);
  const std::int64_t trained = ids.numel() * 9 / 10;
  const Tensor part = ids.slice(0, 0, trained), held_out = ids.slice(0, trained);

  const double of_pairs = loss_of_pairs(part, held_out, vocabulary.size());
  std::printf("pairs that were counted: held-out text %.3f nats a character\n", of_pairs);
  Gpt gpt(vocabulary.size(), options);
  const double of_gpt = learn("transformer", gpt, part, held_out, options.steps, options);
  bool reached = example::check(of_gpt < 0.9 * of_pairs, "a tenth less than by pairs that were counted");
  if (options.lstm) {
    Lstm lstm(vocabulary.size(), options);
    const double of_lstm = learn("LSTM", lstm, part, held_out, options.lstm_steps, options);
    reached &= example::check(of_gpt < of_lstm, "a lower loss than the LSTM's");
  }

  const double error = error_of_cache(gpt, held_out.slice(0, 0, options.context).unsqueeze(0));
  std::printf("with a cache logits differ by %.1e\n\n%s\n\n", error,
              go_on(gpt, vocabulary, "The whale", 300).c_str());
  return example::check(error < 1e-3, "the same with and without a cache") && reached;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns to write like Moby-Dick by a small transformer.");
  program.flag("--lstm", options.lstm, "Trains an LSTM too");
  program.option("--steps", options.steps, "Steps of the transformer");
  program.option("--lstm-steps", options.lstm_steps, "Steps of the LSTM");
  program.option("--batch-size", options.batch_size, "Windows in a step");
  program.option("--context", options.context, "Characters of a window");
  program.option("--width", options.width, "Numbers that stand for a character");
  program.option("--layers", options.layers, "Layers of the transformer");
  program.option("--hidden", options.hidden, "Units of the LSTM");
  program.option("--lr", options.lr, "Largest learning rate of AdamW, in one cycle");
  program.reads_data();
  return program.run(argc, argv, [&] { return compare(options); });
}
