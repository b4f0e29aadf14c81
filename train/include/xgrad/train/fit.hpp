#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "xgrad/core/random.hpp"
#include "xgrad/optim/averaging/model_average.hpp"
#include "xgrad/train/batches.hpp"
#include "xgrad/train/callback.hpp"
#include "xgrad/train/history.hpp"
#include "xgrad/train/measure.hpp"
#include "xgrad/train/parts.hpp"
#include "xgrad/train/schedule.hpp"

namespace xgrad::train {

/// What fit writes to standard output.
enum class Show : std::uint8_t {
  automatic,  ///< one line that lives on a terminal, `lines` elsewhere
  lines,      ///< a line behind each epoch
  nothing,
};

struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t batch_size = 32;               ///< of a data set
  bool shuffle = true;                        ///< a data set, in each epoch
  Generator generator = default_generator();  ///< draws the orders of a data set
  std::optional<Batches> validation = {};     ///< behind each epoch; a data set goes by the same batch_size
  std::vector<AnyMeasure> measures = {};      ///< of the training data, and of the validation data
  std::vector<Schedule> schedules = {};       ///< of the learning rate
  bool whole_schedules = true;                ///< off: one may go on behind the end of this training
  std::int64_t accumulate = 1;                ///< batches in a step
  double clip_norm = 0;                       ///< the largest norm of all gradients; 0: they are not clipped
  double clip_value = 0;                      ///< the largest element of a gradient; 0: not clipped
  optim::ModelAverage* average = nullptr;     ///< updated behind each step; what validation looks at
  std::vector<AnyCallback> callbacks = {};
  Show show = Show::automatic;
  bool interruptible = true;  ///< Ctrl-C ends the training behind the step that runs
};

/// Trains a model: for each batch of each epoch a prediction, its loss, gradients, a step. Returns what each
/// epoch has measured.
///
///     train::History history = train::fit(net, nn::cross_entropy, adam, train_set,
///         {.epochs = 20, .validation = test_set, .measures = {train::Accuracy()}});
///
/// The loss of an epoch is the mean over its examples, of the values as they were at their step. With
/// `accumulate` the gradients of a step are those of the mean loss over all examples of its batches. The
/// model trains in the modes that its modules have, all in training mode if the model itself is in eval mode.
///
/// Ctrl-C ends the training behind the step that runs, when callbacks have saved what they save; a second one
/// ends the program. Both only where the program has not taken SIGINT itself.
///
/// Throws Error for data without a batch, options out of their range, a loss that is no one number, or is inf
/// or nan, in which case no step is made of it and the op that made it is named, and for a schedule that is
/// longer than the training. What a model, a loss or an optimizer throws as an Error goes on with the number
/// of the batch; what anything else throws goes on as it is. The model then is as the last step left it.
History fit(const Predictor& model, const Loss& loss, const Update& optimizer, const Batches& data,
            FitOptions options = {});

/// The same of whatever else makes a training step of a batch and returns its loss: several optimizers, a
/// closure for LBFGS. Measures, validation, clipping and accumulation need a model and are refused.
History fit(const std::function<double(const std::vector<Tensor>&)>& step, const Batches& data,
            FitOptions options = {});

struct EvaluateOptions {
  std::int64_t batch_size = 256;  ///< of a data set
  std::vector<AnyMeasure> measures = {};
};

/// The mean loss over all examples, "loss", and the measures, in eval mode and without recording; modes come
/// back. Throws Error for data without a batch.
Scores evaluate(const Predictor& model, const Loss& loss, const Batches& data, EvaluateOptions options = {});

struct PredictOptions {
  std::int64_t batch_size = 256;
};

/// The predictions of all rows, in their order, in eval mode and without recording. Of batches of several
/// tensors the last one is the target and not used. Throws Error for data without a batch.
Tensor predict(const Predictor& model, const Tensor& inputs, PredictOptions options = {});
Tensor predict(const Predictor& model, const Batches& data, PredictOptions options = {});

}  // namespace xgrad::train
