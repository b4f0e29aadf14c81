// First names, letter by letter: an LSTM learns how 8,000 English ones are spelled, and makes up others.

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/data.hpp"
#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 12;
  int batch_size = 64;
  int hidden = 128;
  double lr = 5e-3;
};

constexpr std::int64_t padding = 0;  // stands behind the end of a name, and counts in no loss

/// The letters of all names, and the names as rows of their numbers: what the model reads is one letter
/// behind what it is to say.
struct Names {
  data::Vocabulary letters;
  data::TensorDataset set;
};

Names read_names() {
  std::set<std::string> names;  // each once: a name that is held out must not be trained on
  std::string text;
  for (const char* file : {"first_names_female.txt", "first_names_male.txt"})
    text += data::read_text(example::data_file(file));
  std::size_t longest = 0;
  for (std::size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    names.insert(text.substr(start, end - start));
    longest = std::max(longest, end - start);
  }

  const data::Vocabulary letters(data::characters(text), {.special = {"<padding>"}});
  const auto rows = static_cast<std::int64_t>(names.size()), steps = static_cast<std::int64_t>(longest) + 1;
  Tensor x = full({rows, steps}, padding), y = full({rows, steps}, padding);
  std::int64_t row = 0;
  for (const std::string& name : names) {
    const Tensor ids = letters.encode(data::characters("\n" + name + "\n"));
    const std::int64_t n = ids.numel() - 1;
    x[row].slice(0, 0, n).copy_(ids.slice(0, 0, n));
    y[row++].slice(0, 0, n).copy_(ids.slice(0, 1));
  }
  return {letters, data::TensorDataset(x, y)};
}

struct Speller : nn::Module {
  nn::Embedding embedding;
  nn::LSTM lstm;
  nn::Linear out;

  Speller(std::int64_t letters, std::int64_t hidden)
      : embedding(letters, 32), lstm(32, hidden, {.batch_first = true}), out(hidden, letters) {}

  /// Logits of the next letter [names * steps, letters] behind each letter of x[names, steps].
  Tensor forward(const Tensor& x) const override { return out(lstm(embedding(x)).outputs).flatten(0, 1); }
  void visit(nn::Visitor& v) override { v("embedding", embedding), v("lstm", lstm), v("out", out); }
};

/// The mean over all letters and ends of names, in nats.
Tensor loss_of(const Tensor& logits, const Tensor& y) {
  return nn::cross_entropy(logits, y.flatten(), {.ignore_index = padding});
}

/// A name that the model makes up, letter by letter from its own state.
std::string make_up(const Speller& model, const data::Vocabulary& letters) {
  const NoGrad guard;
  std::string name;
  LstmState state;
  std::string letter = "\n";
  while (name.size() < 20) {
    const Tensor x = tensor(std::vector{letters.number(letter)}, {1, 1});
    LstmResult step = model.lstm(model.embedding(x), state);
    state = step.state;
    letter = letters.token(
        data::sample_logits(model.out(step.outputs[0][0]), {.temperature = 0.8}).item<std::int64_t>());
    if (letter == "\n") break;
    name += letter;
  }
  return name;
}

double learn(const Options& options) {
  const Names names = read_names();
  const auto [train_set, held_out] = data::split(names.set, 0.9);
  std::printf("train on %s, hold out %s\n", train_set.describe().c_str(), held_out.describe().c_str());

  Speller model(names.letters.size(), options.hidden);
  optim::Adam adam(model, {.lr = options.lr});
  const auto show_names = [&](train::Training& training) {
    std::string line = "  ";
    for (int i = 0; i < 8; ++i) line += make_up(model, names.letters) + " ";
    training.tell(line);
  };
  const std::int64_t batches = (train_set.size() + options.batch_size - 1) / options.batch_size;
  optim::OneCycleLR one_cycle(adam, {.max_lr = options.lr, .total_steps = options.epochs * batches});
  train::fit(model, loss_of, adam, train_set,
             {.epochs = options.epochs,
              .batch_size = options.batch_size,
              .validation = held_out,
              .schedules = {{one_cycle, train::Each::step}},
              .clip_norm = 1,
              .callbacks = {show_names}});

  const NoGrad guard;
  return loss_of(model(held_out.features()), held_out.targets()).item();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns to spell first names, letter by letter, and makes up others.");
  program.option("--epochs", options.epochs, "Passes over the names");
  program.option("--batch-size", options.batch_size, "Names in a step");
  program.option("--hidden", options.hidden, "Units of the LSTM");
  program.option("--lr", options.lr, "Largest learning rate of Adam, in one cycle");
  program.reads_data();
  return program.run(argc, argv, [&] {
    const double nats = learn(options);
    std::printf("held-out names: %.3f nats a letter\n", nats);
    return example::check(nats < 2.05, "2.05 nats a letter on names that were held out");
  });
}
