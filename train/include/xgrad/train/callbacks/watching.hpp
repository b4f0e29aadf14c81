#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "xgrad/train/callback.hpp"
#include "xgrad/train/plot.hpp"

namespace xgrad::train {

/// Draws the history as an SVG picture, anew behind each epoch: see `plot`.
class Curves : public Callback {
 public:
  explicit Curves(std::string path, PlotOptions options = {})
      : path_(std::move(path)), options_(std::move(options)) {}
  void on_epoch(Training& training) override { plot(path_, training.history(), options_); }

 private:
  std::string path_;
  PlotOptions options_;
};

/// Looks at each gradient before each step, and where one is inf or nan ends the training with an Error that
/// names the parameter, and, from the same batch made again in anomaly mode, the first op that made it. No
/// step is made of it. (fit itself looks at the loss.)
class NanGuard : public Callback {
 public:
  void on_gradients(Training& training) override;
};

/// Profiles one step, from its first op to its update, and tells where its time went.
class ProfileStep : public Callback {
 public:
  /// The step counts from 1; at least the second, as the one before it has to be over. A trace for
  /// chrome://tracing is written where a path is given. Throws Error for a step below 2.
  explicit ProfileStep(std::int64_t step = 10, std::string trace = "");
  void on_step(Training& training) override;
  void on_end(Training& training) override;

 private:
  std::int64_t step_;
  std::string trace_;
  std::shared_ptr<void> profile_;
};

}  // namespace xgrad::train
