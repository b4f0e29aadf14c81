#include "xgrad/parallel/fit.hpp"

#include "xgrad/core/creation.hpp"

namespace xgrad::parallel {

namespace {

train::Scores row_of(const train::History& history, std::size_t epoch, const std::vector<double>* values) {
  train::Scores scores;
  const std::vector<std::string> names = history.names();
  for (std::size_t i = 0; i < names.size(); ++i)
    scores.set(names[i], values ? (*values)[i] : history[names[i]][epoch]);
  return scores;
}

}  // namespace

void Together::on_begin(train::Training& training) {
  accumulates_ = training.options().accumulate > 1;
  replica_->pause(accumulates_);
}

void Together::on_gradients(train::Training&) {
  accumulates_ ? replica_->reduce_gradients() : replica_->synchronize();
}

void Together::on_epoch(train::Training& training) {
  const train::History before = training.history();
  const auto last = static_cast<std::size_t>(before.epochs()) - 1;
  std::vector<double> numbers;
  for (const std::string& name : before.names()) numbers.push_back(before[name][last]);
  Tensor means = tensor(numbers);
  communicator_.all_reduce(means, Reduce::mean);
  numbers = means.to_vector<double>();
  training.history() = train::History();
  for (std::size_t epoch = 0; epoch < last; ++epoch) training.history().add(row_of(before, epoch, nullptr));
  training.history().add(row_of(before, last, &numbers));
}

void Together::on_end(train::Training&) { replica_->pause(false); }

train::Show show(const Communicator& communicator) {
  return communicator.rank() == 0 ? train::Show::automatic : train::Show::nothing;
}

void Checkpoints::on_resume(train::Training& training) {
  communicator_.barrier();  // so that all see the same files
  train::Checkpoints::on_resume(training);
  communicator_.barrier();
}

void Checkpoints::on_epoch(train::Training& training) {
  if (communicator_.rank() == 0) train::Checkpoints::on_epoch(training);
}

void Checkpoints::on_interrupt(train::Training& training) {
  if (communicator_.rank() == 0) train::Checkpoints::on_interrupt(training);
}

}  // namespace xgrad::parallel
