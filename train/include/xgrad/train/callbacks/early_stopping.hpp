#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/train/callback.hpp"

namespace xgrad::train {

/// Which numbers are the better ones.
enum class Better : std::uint8_t {
  automatic,  ///< as the measure of that name says; of a loss, lower ones
  lower,
  higher,
};

struct EarlyStoppingOptions {
  std::string watched = "val_loss";  ///< its name in the history
  std::int64_t patience = 5;         ///< so many epochs without progress go by
  double min_delta = 0;              ///< progress is better by more than this
  Better better = Better::automatic;
  bool restore_best = true;  ///< the model ends with the weights of its best epoch, and so does the average
};

/// Ends the training when a number makes no progress any more. Prechelt, 1998.
class EarlyStopping : public Callback {
 public:
  /// Throws Error for patience < 1 and min_delta < 0.
  explicit EarlyStopping(EarlyStoppingOptions options = {});

  /// The best number, and the number of epochs that were over then; 0 before the first.
  double best() const { return best_; }
  std::int64_t best_epoch() const { return best_epoch_; }

  void on_begin(Training& training) override;
  void on_epoch(Training& training) override;
  void on_end(Training& training) override;
  void visit(Visitor& v) override;

 private:
  EarlyStoppingOptions options_;
  bool lower_ = true;
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t best_epoch_ = 0, waited_ = 0;
  std::vector<Tensor> weights_;  ///< of the best epoch; undefined before there is one
};

namespace detail {
/// True where lower ones of these numbers of a training are better. Throws Error, in the name of `op`, where
/// the training has no such number.
bool lower_is_better(const char* op, const Training& training, const std::string& watched, Better better);
}  // namespace detail

}  // namespace xgrad::train
