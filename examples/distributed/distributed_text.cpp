// A language model of characters on several processes: `mpirun -np 2 distributed_text`. It learns to go on
// with a text whose letters follow from those before; each process has its share of every batch of windows.

#include <cmath>
#include <cstdio>

#include <xgrad/parallel.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"

using namespace xgrad;

namespace {

struct Options {
  int epochs = 6;
  int batch_size = 16;  // of all processes together
  double lr = 0.01;
};

/// Sentences that a seed makes of few words: "the small cat sees a dog."
std::string sentences(int count) {
  const std::vector<std::string> adjectives{"small", "old", "quick"}, nouns{"cat", "dog", "bird"},
      verbs{"sees", "likes", "follows"};
  Generator g(1);
  const auto one_of = [&](const std::vector<std::string>& words) { return words[g.draw() % words.size()]; };
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "the " + one_of(adjectives) + " " + one_of(nouns) + " " + one_of(verbs) + " a " + one_of(nouns) +
            ". ";
  return text;
}

struct CharLstm : nn::Module {
  nn::Embedding letters{128, 16};
  nn::LSTM lstm{16, 64, {.batch_first = true}};
  nn::Linear out{64, 128};

  Tensor forward(const Tensor& x) const override { return out(lstm(letters(x)).outputs).reshape({-1, 128}); }
  void visit(nn::Visitor& v) override { v("letters", letters), v("lstm", lstm), v("out", out); }
};

Tensor loss_of(const Tensor& logits, const Tensor& next) { return nn::cross_entropy(logits, next.flatten()); }

/// Trains a model together with the other processes, and returns its loss on the last epoch.
double learn(const Options& options, parallel::Communicator world) {
  const std::string text = sentences(400);
  const Tensor ids = tensor(std::vector<std::int64_t>(text.begin(), text.end()));
  CharLstm model;
  parallel::Replica replica(model, world);
  optim::Adam adam(model, {.lr = options.lr});
  const data::Pipeline own = data::language_windows(ids, 32) | data::shuffle() |
                             data::shard(world.rank(), world.size()) |
                             data::batch(std::max(1, options.batch_size / world.size()));
  const train::History history = train::fit(model, loss_of, adam, own.with(Generator(7)),
                                            {.epochs = options.epochs,
                                             .clip_norm = 1,
                                             .callbacks = {parallel::Together(replica, world)},
                                             .show = parallel::show(world)});
  replica.verify();
  return history["loss"].back();
}

}  // namespace

int main(int argc, char** argv) {
  return parallel::run([&](parallel::Communicator world) {
    Options options;
    example::Program program("Trains a language model of characters on the processes of mpirun.");
    program.option("--epochs", options.epochs, "Passes over the text");
    program.option("--batch-size", options.batch_size, "Windows in a step of all processes together");
    program.option("--lr", options.lr, "Learning rate of Adam");
    return program.run(argc, argv, [&] {
      const double loss = learn(options, world);
      // A sentence has four free choices of three words, log2(3^4) bits, and about 33 letters.
      if (world.rank() == 0) std::printf("%.3f bits a letter\n", loss / std::log(2));
      return example::check(loss / std::log(2) < 0.5, "0.5 bits a letter");
    });
  });
}
