#include "xgrad/parallel/replica.hpp"

#include <algorithm>
#include <unordered_set>

#include "compare.hpp"
#include "gradients.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/parallel/sync_batch_norm.hpp"

namespace xgrad::parallel {

namespace {

void check_options(const ReplicaOptions& options) {
  if (options.bucket_bytes < 1)
    throw Error("Replica: bucket_bytes must be 1 or more: they are " + std::to_string(options.bucket_bytes));
  if (!(options.compression.share > 0 && options.compression.share <= 1))
    throw Error("Replica: the share of compression must be in (0, 1]: it is " +
                std::to_string(options.compression.share));
  if (options.reduce == Reduce::max)
    throw Error("Replica: the largest of gradients is no gradient; use Reduce::mean or Reduce::sum");
}

/// Each tensor once, by its first name.
std::vector<NamedTensor> tensors_of(const Visitor& members, bool buffers_too) {
  std::vector<NamedTensor> tensors;
  std::unordered_set<const void*> seen;
  for (const Visitor::Slot& slot : members.slots()) {
    const Tensor* t = slot.tensor();
    const bool wanted =
        slot.kind == Visitor::Kind::parameter || (buffers_too && slot.kind == Visitor::Kind::buffer);
    if (t && wanted && t->defined() && seen.insert(t->node()).second) tensors.push_back({slot.path, *t});
  }
  return tensors;
}

std::vector<Tensor> trainable(const Visitor& members) {
  std::vector<Tensor> parameters;
  for (const auto& [name, tensor] : tensors_of(members, false))
    if (tensor.requires_grad()) parameters.push_back(tensor);
  if (parameters.empty())
    throw Error(
        "Replica: the model has no parameter that requires a gradient; call requires_grad_() on what is "
        "to learn");
  return parameters;
}

}  // namespace

Replica::Replica(const Visitor& members, const Communicator& communicator, ReplicaOptions options)
    : tensors_(tensors_of(members, true)), control_(communicator.duplicate()), options_(options) {
  check_options(options);
  detail::check_same_tensors(control_, tensors_);
  const NoGrad guard;
  for (auto& [name, tensor] : tensors_) control_.broadcast(tensor);
  detail::check_same_bits(control_, tensors_);
  for (const Visitor::Slot& slot : members.slots())
    if (slot.kind == Visitor::Kind::buffer && slot.tensor() && slot.tensor()->defined())
      buffers_.push_back(*slot.tensor());
  for (const Visitor::Part& part : members.parts())
    needs_all_ |= dynamic_cast<const detail::NeedsAllRanks*>(part.object) != nullptr;
  gradients_ = std::make_unique<detail::Gradients>(trainable(members), communicator, options);
}

Replica::~Replica() = default;

void Replica::backward(const Tensor& loss, ReplicaBackward options) {
  if (!gradients_->gathers_only) gradients_->check_idle("backward");
  gradients_->begun_early = 0;
  gradients_->set_rows(options.rows);
  loss.backward();
  if (!gradients_->gathers_only) synchronize();
}

void Replica::synchronize() { take_part(false); }

void Replica::take_part(bool joined) {
  if (options_.check_every_step) verify();
  const std::vector<double> weights = gradients_->finish(joined);
  if (options_.broadcast_buffers && !buffers_.empty()) share_buffers(weights);
}

/// Those of the first rank that has had a batch.
void Replica::share_buffers(const std::vector<double>& weights) {
  const auto source = std::ranges::find_if(weights, [](double w) { return w > 0; });
  if (source == weights.end()) return;
  const NoGrad guard;
  for (Tensor& buffer : buffers_) control_.broadcast(buffer, static_cast<int>(source - weights.begin()));
}

void Replica::join(const std::function<void()>& step) {
  if (needs_all_)
    throw Error(
        "Replica::join: the model has a synchronised batch norm, whose forward needs all ranks; give each "
        "as many batches, as data::shard does");
  gradients_->check_idle("join");
  while (true) {
    if (options_.check_every_step) verify();
    const std::vector<double> weights = gradients_->finish(true);
    if (std::ranges::none_of(weights, [](double w) { return w > 0; })) return;
    if (options_.broadcast_buffers && !buffers_.empty()) share_buffers(weights);
    step();
  }
}

void Replica::verify() { detail::check_same_bits(control_, tensors_); }
void Replica::forget() { gradients_->forget(); }

void Replica::pause(bool on) {
  gradients_->check_idle("pause");
  gradients_->paused = on;
}

void Replica::reduce_gradients(ReplicaBackward options) {
  gradients_->check_idle("reduce_gradients");
  gradients_->set_rows(options.rows);
  gradients_->take_from_leaves();
  synchronize();
}

std::size_t Replica::bucket_count() const { return gradients_->bucket_count(); }
std::size_t Replica::begun_early() const { return gradients_->begun_early; }

Replica::NoSync::NoSync(detail::Gradients& gradients)
    : gradients_(gradients), before_(gradients.gathers_only) {
  gradients_.check_idle("no_sync");
  gradients_.gathers_only = true;
}

Replica::NoSync::~NoSync() { gradients_.gathers_only = before_; }

}  // namespace xgrad::parallel
