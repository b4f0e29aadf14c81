#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "helper.hpp"
#include "start.hpp"
#include "xgrad/core/hooks.hpp"
#include "xgrad/parallel/replica.hpp"

namespace xgrad::parallel::detail {

/// The gradients of one step in buckets, from their hooks to `.grad()`.
///
/// A bucket is one tensor: the elements of its parameters' gradients, behind them a number for each that
/// counts the ranks which have one, and in the first bucket the weight of each rank: what its gradients are
/// multiplied with before they are summed, 1 or the rows of its loss. All that ranks have to know of each
/// other is summed with the gradients. Buckets have fixed numbers among the calls, so that ranks may fill
/// them in any order.
class Gradients {
 public:
  Gradients(std::vector<Tensor> parameters, const Communicator& communicator, const ReplicaOptions& options);
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;
  ~Gradients();

  /// The weight of the gradients of the next backward.
  void set_rows(std::optional<std::int64_t> rows);
  /// Reduces all and adds it to `.grad()`; returns the weight of each rank. A rank that has joined has no
  /// weight but of what it has gathered.
  std::vector<double> finish(bool joined);
  /// Takes what is in `.grad()` into the buckets.
  void take_from_leaves();
  void forget();
  /// Throws Error where a bucket is on its way.
  void check_idle(const char* op) const;

  bool gathers_only = false;  ///< inside no_sync
  bool paused = false;
  std::size_t begun_early = 0;

  std::size_t bucket_count() const { return buckets_.size(); }

 private:
  struct Place {
    Tensor parameter;
    std::size_t bucket;
    std::int64_t offset, flag;
    bool has_gradient = false;  ///< since the last step
    bool is_ready = false;      ///< in this walk
  };
  struct Bucket {
    DType dtype;
    std::vector<std::size_t> places = {};
    std::int64_t elements = 0;
    std::int64_t weights = 0;  ///< where those of the ranks begin, in the first bucket
    Tensor values = {};
    Tensor gradients = {}, notes = {},
           residual = {};  ///< with compression: the two parts of values, see begin
    std::size_t to_come = 0;
    bool begun = false;
    Work work = {}, notes_work = {};
  };

  void lay_out(const ReplicaOptions& options);
  void make_values();
  void ready(std::size_t i, Tensor& gradient);
  void gather(Place& place, const Tensor& gradient);
  void begin(std::size_t bucket);
  void begin_compressed(Bucket& bucket, std::uint64_t call);
  void progress();
  std::vector<double> weights_of_ranks() const;
  void put(Bucket& bucket, double divisor);
  void reset();

  std::vector<Place> places_;
  std::vector<Bucket> buckets_;
  std::vector<HookHandle> hooks_;
  Communicator communicator_;
  Reduce reduce_;
  bool overlap_;
  CompressionOptions compression_;
  std::optional<std::int64_t> rows_;
  double weight_ = 0;  ///< of the gradients so far
  bool joined_ = false, weighted_ = false;
  std::uint64_t step_ = 0;
  std::unique_ptr<Helper> helper_;  ///< last, so that it ends first
};

}  // namespace xgrad::parallel::detail
