#include "xgrad/train/callbacks/tensorboard.hpp"

#include "event_file.hpp"
#include "measures/rows.hpp"
#include "parameter_names.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

class TensorBoard::Writer : public EventFile {
 public:
  using EventFile::EventFile;
};

TensorBoard::TensorBoard(std::string directory, TensorBoardOptions options)
    : directory_(std::move(directory)), options_(options) {
  if (options.every_steps < 0)
    throw Error("TensorBoard: every_steps must not be below 0: it is " + std::to_string(options.every_steps));
}

void TensorBoard::on_begin(Training&) {
  writer_ = std::make_shared<Writer>(directory_);
  path_ = writer_->path();
}

void TensorBoard::on_step(Training& training) {
  if (options_.every_steps > 0 && training.steps() % options_.every_steps == 0)
    writer_->scalar(training.steps(), "step/loss", training.loss());
}

void TensorBoard::on_epoch(Training& training) {
  const History& history = training.history();
  for (const std::string& name : history.names())
    writer_->scalar(training.steps(), name, history[name].back());
  if (options_.histograms)
    for (const NamedTensor& p : named_parameters_of(training)) {
      writer_->histogram(training.steps(), "weights/" + p.name, histogram_of(numbers_of(p.tensor)));
      if (const Tensor g = p.tensor.grad(); g.defined())
        writer_->histogram(training.steps(), "gradients/" + p.name, histogram_of(numbers_of(g)));
    }
  writer_->flush();
}

void TensorBoard::on_end(Training&) {
  writer_->flush();
  writer_.reset();
}

}  // namespace xgrad::train
