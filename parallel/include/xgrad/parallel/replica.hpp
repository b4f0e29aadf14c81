#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/core/state/visitor.hpp"
#include "xgrad/parallel/communicator.hpp"
#include "xgrad/parallel/compression.hpp"

namespace xgrad::parallel {

namespace detail {
class Gradients;
}  // namespace detail

struct ReplicaOptions {
  std::int64_t bucket_bytes = std::int64_t{1} << 20;  ///< gradients that travel together
  Reduce reduce = Reduce::mean;                       ///< of the gradients: mean or sum
  bool overlap = true;  ///< reductions begin while backward goes on; else when it is over
  /// A thread of its own moves the reductions on, besides the hooks of the parameters: for networks, where
  /// large layers leave long times between two hooks. The program's MPI must allow calls of several threads
  /// in turn.
  bool progress_thread = false;
  CompressionOptions compression = {};  ///< of the gradients on their way
  bool broadcast_buffers = true;        ///< behind each step all have those of the first rank that took part
  bool check_every_step = false;  ///< compare the bits of all weights before the gradients of a step are used
};

struct ReplicaBackward {
  /// The rows that the loss is the mean of. Where given, the gradients are those of the mean over the rows of
  /// all ranks (and of all backwards since the last step), however they are spread; give it always or never.
  std::optional<std::int64_t> rows = {};
};

/// Makes the models of all ranks one: they start with the same weights, and each step is made with the
/// gradients of all.
///
///     parallel::Replica replica(model, world);
///     optim::SGD sgd(model, {.lr = 0.1});
///     for (const auto& [x, y] : batches_of_this_rank) {
///       sgd.zero_grad();
///       replica.backward(nn::cross_entropy(model(x), y));
///       sgd.step();
///     }
///
/// At first all ranks compare the names, shapes and dtypes of their parameters and buffers, take the values
/// of rank 0, and compare the bits. Then each parameter's gradient goes into a bucket as soon as it is ready
/// (`on_ready`), and a bucket that is full is reduced while backward goes on. `.grad()` gets the reduced
/// gradient and never that of this rank alone, so it has the same bits on all ranks: the global norm of
/// clipping is optim::clip_grad_norm_'s.
///
/// A parameter that no rank's loss depends on has no gradient; where only some do, the others count as 0.
/// Parameters are those that require a gradient when the replica is made; they must not be replaced.
///
/// `mean` divides by the number of ranks, or by the rows where these are told. Without `rows`, several
/// backwards of one step add up as in one process: each has its share of the loss.
class Replica {
 public:
  /// Throws Error on all ranks, which names what differs, where models differ, for a model without a
  /// parameter that requires a gradient, for a bucket below 1 byte, a share outside (0, 1] and for
  /// Reduce::max. All ranks must make one.
  template <Visitable T>
  Replica(T& model, const Communicator& communicator, ReplicaOptions options = {})
      : Replica(Visitor::of(model), communicator, options) {}
  Replica(const Visitor& members, const Communicator& communicator, ReplicaOptions options = {});
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;
  ~Replica();

  /// loss.backward() and synchronize(); inside no_sync the first of them only. Throws Error as these do.
  void backward(const Tensor& loss, ReplicaBackward options = {});

  /// Waits for the reductions of the backward before it, begins those of parameters that it has not reached,
  /// and adds the results to `.grad()`. Called by `backward`; of itself behind a plain loss.backward(), which
  /// begins them too. All ranks must call it.
  void synchronize();

  /// While it lives, gradients are gathered in the buckets and neither reduced nor put into `.grad()`: those
  /// of all but the last batch of a step. Throws Error where a backward waits for synchronize().
  class NoSync {
   public:
    explicit NoSync(detail::Gradients& gradients);
    NoSync(const NoSync&) = delete;
    NoSync& operator=(const NoSync&) = delete;
    ~NoSync();

   private:
    detail::Gradients& gradients_;
    bool before_;
  };
  [[nodiscard]] NoSync no_sync() { return NoSync(*gradients_); }
  /// Forgets what has been gathered since the last step.
  void forget();

  /// For ranks that have no batch left while others have: takes part in their steps, with no gradient of its
  /// own but what no_sync has gathered, and calls `step` behind each, which makes the step that the others
  /// make. Returns when all ranks are here, so all must call it when they have no batch left.
  ///
  ///     for (const auto& [x, y] : batches) { ...; sgd.step(); }
  ///     replica.join([&] { sgd.step(); sgd.zero_grad(); });
  ///
  /// With the mean, the divisor is the number of ranks that took part, or the rows of these. Throws Error for
  /// a model with a synchronised batch norm, whose forward needs all ranks.
  void join(const std::function<void()>& step);

  /// Throws Error on all ranks unless the parameters and buffers have the same bits on all, and names the
  /// first tensor and the ranks that differ. All ranks must call it.
  void verify();

  /// Reduces what is in `.grad()` now, for gradients that were made elsewhere: without overlap. Between
  /// pause() and this one, backward leaves gradients where they are.
  void reduce_gradients(ReplicaBackward options = {});
  void pause(bool on = true);

  std::size_t bucket_count() const;
  /// How many buckets were on their way before the latest backward had ended: what overlaps.
  std::size_t begun_early() const;

 private:
  std::unique_ptr<detail::Gradients> gradients_;
  std::vector<NamedTensor> tensors_;  ///< parameters and buffers
  std::vector<Tensor> buffers_;
  Communicator control_;
  ReplicaOptions options_;
  bool needs_all_ = false;  ///< a forward of the model does

  void take_part(bool joined);
  void share_buffers(const std::vector<double>& weights);
};

}  // namespace xgrad::parallel
