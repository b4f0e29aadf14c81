#include "xgrad/train/callbacks/checkpoints.hpp"

#include "xgrad/core/error.hpp"
#include "xgrad/core/state/load.hpp"
#include "xgrad/files/safetensors.hpp"

namespace xgrad::train {

namespace {

files::Best best_of(const CheckpointsOptions& options) {
  if (options.watched.empty()) return files::Best::none;
  return options.better == Better::higher ? files::Best::highest : files::Best::lowest;
}

}  // namespace

Checkpoints::Checkpoints(const std::string& directory, CheckpointsOptions options)
    : options_(std::move(options)), files_(directory, {.keep = options_.keep, .best = best_of(options_)}) {
  if (options_.every < 1)
    throw Error("Checkpoints: every must be at least 1: it is " + std::to_string(options_.every));
}

void Checkpoints::on_begin(Training& training) {
  const auto latest = files_.latest();
  if (latest && !options_.resume)
    throw Error("Checkpoints: there is a checkpoint of another training: " + *latest +
                "; remove it, use another directory, or set resume = true");
  if (options_.watched.empty()) return;
  const bool lower = detail::lower_is_better("Checkpoints", training, options_.watched, options_.better);
  files_ = files::Checkpointer(
      files_.directory(),
      {.keep = options_.keep, .best = lower ? files::Best::lowest : files::Best::highest});
}

void Checkpoints::on_resume(Training& training) {
  if (!files_.latest()) return;
  files_.resume(training);
  training.tell("goes on behind epoch " + std::to_string(training.epochs_done()) +
                (training.batches_done() > 0 ? " and batch " + std::to_string(training.batches_done()) : "") +
                ", from " + files_.latest().value());
}

void Checkpoints::on_epoch(Training& training) {
  if (training.epochs_done() % options_.every != 0 && training.epochs_done() != training.epochs()) return;
  std::optional<double> metric;
  if (!options_.watched.empty()) metric = training.history()[options_.watched].back();
  files_.save(training.steps(), training, metric);
}

void Checkpoints::on_interrupt(Training& training) {
  training.tell("saved in " + files_.save(training.steps(), training));
}

void load_model(const std::string& path, nn::ModuleBase& model) {
  constexpr std::string_view prefix = "model.";
  StateDict own;
  const StateDict all = files::read_state(path);
  if (!all.contains("progress.steps")) return void(load_state_dict(model, all));
  for (const auto& entry : all)
    if (entry.name.starts_with(prefix)) own.set(entry.name.substr(prefix.size()), entry.value);
  load_state_dict(model, own);
}

}  // namespace xgrad::train
