// A pole on a cart (Barto, Sutton and Anderson, 1983) is held upright by a policy that learns from rewards
// alone: policy gradients with a value as their baseline (Schulman et al., 2016), in steps that are kept
// short (2017).

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <xgrad/train/plot.hpp>
#include <xgrad/xgrad.hpp>

#include "support/program.hpp"
#include "support/progress.hpp"

using namespace xgrad;

namespace {

struct Options {
  int rounds = 60;
  int carts = 16;
  int steps = 128;  // of each cart in a round
  int passes = 6;   // over what a round has brought
  double lr = 3e-3;
  double discount = 0.99;
  double trace = 0.95;  // how far advantages look ahead
  double ratio = 0.2;   // the most by which the chance of an action changes in a round
  std::string svg = "reinforcement.svg";
};

/// The cart: its place and speed, and the angle and the turning speed of its pole. It falls beyond 12
/// degrees, and leaves the track beyond 2.4 m. A try ends then, or after 500 steps, each of which is a reward
/// of 1.
class Cart {
 public:
  static constexpr int longest = 500;

  explicit Cart(Generator generator) : generator_(std::move(generator)) { start(); }
  void start() {
    for (float& s : state_) s = static_cast<float>(0.1 * generator_.uniform() - 0.05);
    steps_ = 0;
  }
  const std::array<float, 4>& state() const { return state_; }
  int steps() const { return steps_; }
  bool fallen() const { return std::abs(state_[0]) > 2.4f || std::abs(state_[2]) > 0.2095f; }
  bool over() const { return fallen() || steps_ == longest; }

  /// Pushes with 10 N for 20 ms, to the right or to the left.
  void push(bool right) {
    constexpr float pole = 0.1f, total = 1.1f, half = 0.5f, gravity = 9.8f, time = 0.02f;
    auto& [x, v, angle, turn] = state_;
    const float sine = std::sin(angle), cosine = std::cos(angle);
    const float push = ((right ? 10.0f : -10.0f) + pole * half * turn * turn * sine) / total;
    const float faster =
        (gravity * sine - cosine * push) / (half * (4.0f / 3 - pole * cosine * cosine / total));
    x += time * v, v += time * (push - pole * half * faster * cosine / total);
    angle += time * turn, turn += time * faster;
    ++steps_;
  }

 private:
  Generator generator_;
  std::array<float, 4> state_{};
  int steps_ = 0;
};

Tensor states_of(const std::vector<Cart>& carts) {
  std::vector<float> all;
  for (const Cart& cart : carts) all.insert(all.end(), cart.state().begin(), cart.state().end());
  return tensor(all, {static_cast<std::int64_t>(carts.size()), 4});
}

struct Learner : nn::ModuleBase {
  nn::Sequential policy{nn::Linear(4, 64), nn::Tanh(), nn::Linear(64, 2)};
  nn::Sequential value{nn::Linear(4, 64), nn::Tanh(), nn::Linear(64, 1)};
  void visit(nn::Visitor& v) override { v("policy", policy), v("value", value); }
};

/// What a round has brought, a row for each step of each cart.
struct Round {
  data::TensorDataset rows;  // states, actions, logarithms of their chances, advantages, returns
  double mean_length;        // of the tries that have ended
};

Round play(const Learner& learner, std::vector<Cart>& carts, const Options& o) {
  const NoGrad guard;
  const auto n = static_cast<std::int64_t>(carts.size());
  std::vector<Tensor> states, actions, chances, values, rewards, goes_on;
  double lengths = 0, ended = 0;
  for (int step = 0; step < o.steps; ++step) {
    const Tensor s = states_of(carts), logits = log_softmax(learner.policy(s), 1);
    const Tensor action = data::sample_logits(logits);
    states.push_back(s), actions.push_back(action), values.push_back(learner.value(s).squeeze(1));
    chances.push_back(logits.gather(1, action.unsqueeze(1)).squeeze(1));
    for (std::int64_t i = 0; i < n; ++i)
      carts[static_cast<std::size_t>(i)].push(action.at<std::int64_t>({i}) == 1);
    // A try that was only long enough would have gone on: its last state has a value.
    const Tensor after = learner.value(states_of(carts)).squeeze(1);
    std::vector<float> reward(carts.size(), 1), on(carts.size(), 1);
    for (std::size_t i = 0; i < carts.size(); ++i) {
      if (!carts[i].over()) continue;
      on[i] = 0, lengths += carts[i].steps(), ++ended;
      if (!carts[i].fallen())
        reward[i] += static_cast<float>(o.discount * after.at({static_cast<std::int64_t>(i)}));
      carts[i].start();
    }
    rewards.push_back(tensor(reward)), goes_on.push_back(tensor(on));
  }

  // Generalised advantages, from the last step to the first.
  std::vector<Tensor> advantages(states.size());
  Tensor next = learner.value(states_of(carts)).squeeze(1), advantage = zeros({n});
  for (std::size_t t = states.size(); t-- > 0;) {
    const Tensor surprise = rewards[t] + o.discount * goes_on[t] * next - values[t];
    advantages[t] = advantage = surprise + o.discount * o.trace * goes_on[t] * advantage;
    next = values[t];
  }
  const Tensor a = cat(advantages);
  return {data::TensorDataset({cat(states), cat(actions), cat(chances), (a - a.mean()) / (stddev(a) + 1e-8),
                               a + cat(values)}),
          ended > 0 ? lengths / ended : o.steps};
}

Tensor loss_of(const Learner& learner, const std::vector<Tensor>& batch, double ratio) {
  const Tensor logits = log_softmax(learner.policy(batch[0]), 1);
  const Tensor share = exp(logits.gather(1, batch[1].unsqueeze(1)).squeeze(1) - batch[2]);
  const Tensor gain = minimum(share * batch[3], clamp(share, 1 - ratio, 1 + ratio) * batch[3]).mean();
  const Tensor entropy = -(exp(logits) * logits).sum({1}).mean();
  return 0.5 * nn::mse_loss(learner.value(batch[0]).squeeze(1), batch[4]) - gain - 0.01 * entropy;
}

/// The mean length of 100 tries with the likelier action in each step.
double test(const Learner& learner, const Generator& generator) {
  const NoGrad guard;
  double sum = 0;
  std::vector<Cart> carts(100, Cart(generator));
  for (Cart& cart : carts) cart.start();
  for (std::vector<Cart> left = carts; !left.empty();) {
    const Tensor action = argmax(learner.policy(states_of(left)), 1);
    std::vector<Cart> still;
    for (std::size_t i = 0; i < left.size(); ++i) {
      left[i].push(action.at<std::int64_t>({static_cast<std::int64_t>(i)}) == 1);
      if (left[i].over())
        sum += left[i].steps();
      else
        still.push_back(left[i]);
    }
    left = std::move(still);
  }
  return sum / 100;
}

bool learn(const Options& options, std::uint64_t seed) {
  Learner learner;
  optim::Adam adam(learner, {.lr = options.lr});
  const Generator generator(seed);
  std::vector<Cart> carts(static_cast<std::size_t>(options.carts), Cart(generator));
  for (Cart& cart : carts) cart.start();
  train::Curve curve{"mean length of tries", {}};
  {
    example::Progress progress("rounds", options.rounds);
    for (int round = 0; round < options.rounds; ++round, progress.advance()) {
      adam.set_lr(options.lr * (options.rounds - round) / options.rounds);
      const Round played = play(learner, carts, options);
      curve.y.push_back(played.mean_length);
      const data::Loader batches(played.rows, {.batch_size = 256, .shuffle = true});
      for (int pass = 0; pass < options.passes; ++pass)
        for (const data::Batch& batch : batches) {
          adam.zero_grad();
          loss_of(learner, batch.tensors(), options.ratio).backward();
          optim::clip_grad_norm_(learner.parameters(), 0.5);
          adam.step();
        }
    }
  }
  train::plot(options.svg, {curve}, {.title = "Steps until the pole falls", .x_label = "round"});
  const double result = test(learner, Generator(seed + 1));
  std::printf("the pole stands for %.1f of %d steps, the mean of 100 tries; how it was learnt is in %s\n",
              result, Cart::longest, options.svg.c_str());
  return example::check(result >= 475, "a mean of 475 steps");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  example::Program program("Learns to hold a pole upright on a cart.");
  program.option("--rounds", options.rounds, "Rounds of trying and learning");
  program.option("--carts", options.carts, "Carts that try at once");
  program.option("--steps", options.steps, "Steps of each cart in a round");
  program.option("--passes", options.passes, "Passes over what a round has brought");
  program.option("--lr", options.lr, "First learning rate of Adam, which falls to 0");
  program.option("--svg", options.svg, "File for the picture");
  return program.run(argc, argv, [&] { return learn(options, program.seed()); });
}
