#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "xgrad/core/tensor.hpp"

namespace xgrad::parallel {

namespace detail {
class Operation;
struct Channel;
}  // namespace detail

/// What an element of all ranks becomes.
enum class Reduce : std::uint8_t { sum, mean, max };

/// A call that goes on while its caller does something else. It gets on in `test` and `wait` only, of this
/// call and of others of its communicator. One that is dropped before it is done leaves the other ranks
/// waiting.
class Work {
 public:
  Work() = default;
  explicit Work(std::shared_ptr<detail::Operation> operation) : operation_(std::move(operation)) {}

  /// Moves on; true when the call is done. Throws Error as `wait` does, but for the time limit.
  bool test();
  /// Returns when the call is done. Throws Error, which names the ranks, where another rank makes another
  /// call or has other shapes or dtypes, where one has not come within the time limit, and where one has
  /// failed.
  void wait();

 private:
  std::shared_ptr<detail::Operation> operation_;
};

/// Ranks that exchange tensors: processes of MPI (`world`) or threads of one process (`run_threads`), by the
/// same code and to the same bits.
///
///     parallel::Communicator world = parallel::world();
///     Tensor loss_of_all = loss.detach();
///     world.all_reduce(loss_of_all, parallel::Reduce::mean);
///
/// Each rank has one, and all make the same calls in the same order, with tensors of one shape and dtype:
/// each call carries these along, so that a mistake is an Error on the ranks that see it and names both
/// sides. Copies are the same communicator. One rank's communicator belongs to one thread at a time.
///
/// Sums are taken in the order of the ranks, ((x0 + x1) + x2) + ..., of every element and for any size, so
/// that the same values give the same bits again. Tensors change in place and must be leaves that may be
/// written to, as by copy_: elements that come from elsewhere (`from_memory`) are changed there.
///
/// An Error of a call leaves the communicator unusable, since ranks are then at different calls: every later
/// call throws the same again.
class Communicator {
 public:
  explicit Communicator(std::shared_ptr<detail::Channel> channel) : channel_(std::move(channel)) {}

  int rank() const;
  int size() const;
  /// "MPI" or "threads".
  std::string engine() const;

  /// How long a call waits for the other ranks, in seconds, at first 300. Throws Error unless it is above 0.
  void set_time_limit(double seconds);
  double time_limit() const;

  /// Another one of the same ranks, whose calls do not meet those of this one. All ranks must call it.
  Communicator duplicate() const;

  /// Gives x the values that it has on rank `root`. Throws Error for a root that is no rank, and as Work.
  void broadcast(Tensor x, int root = 0);
  /// Replaces each element by that of all ranks: their sum, their mean (of floating tensors), their largest
  /// (nan where one is nan). Throws Error for booleans, but for max, for a mean of integers, and as Work.
  void all_reduce(Tensor x, Reduce reduce = Reduce::sum);
  /// The x of all ranks: [size, ...], row r that of rank r. Throws Error as Work.
  Tensor all_gather(const Tensor& x);
  /// Of x[size, ...] the own row, reduced over all ranks: [...]. Throws Error where x has another number of
  /// rows than there are ranks, and as all_reduce.
  Tensor reduce_scatter(const Tensor& x, Reduce reduce = Reduce::sum);
  /// Returns when all ranks have called it.
  void barrier();

  /// x goes to another rank, which receives it into a tensor of the same shape and dtype, as its next one of
  /// this tag. Throws Error for a rank that is none or is this one, a tag outside [0, 255], and as Work.
  void send(const Tensor& x, int to, int tag = 0);
  void receive(Tensor x, int from, int tag = 0);

  // The same without waiting: what is sent must not be written to, and what is received not be read, before
  // the call is done. Ranks begin them in the same order.

  Work start_broadcast(Tensor x, int root = 0);
  Work start_all_reduce(Tensor x, Reduce reduce = Reduce::sum);
  Work start_all_gather(const Tensor& x, Tensor result);  ///< result[size, ...]
  Work start_reduce_scatter(const Tensor& x, Tensor result, Reduce reduce = Reduce::sum);
  Work start_send(const Tensor& x, int to, int tag = 0);
  Work start_receive(Tensor x, int from, int tag = 0);

  /// A text of each rank, in the order of the ranks. Texts may differ in length.
  std::vector<std::string> all_gather_texts(const std::string& text);

  /// Seconds that this rank has waited for each rank so far, in `wait` and in calls that wait: the time from
  /// the arrival of the one before to that rank's own is its. The largest names the slowest rank.
  std::vector<double> waited_for() const;
  /// The same of all ranks as a table, row by row who waited and column by column for whom, with the rank
  /// that the others waited for longest named below. All ranks must call it.
  std::string waiting_report();

  /// For the library: the channel behind it.
  const std::shared_ptr<detail::Channel>& channel() const { return channel_; }

 private:
  std::shared_ptr<detail::Channel> channel_;
};

}  // namespace xgrad::parallel
