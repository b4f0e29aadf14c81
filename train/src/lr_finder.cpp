#include "xgrad/train/lr_finder.hpp"

#include "batches.hpp"
#include "evaluate.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/train/plot.hpp"

namespace xgrad::train {

namespace {

constexpr std::uint64_t seed_of_orders = 1;

/// What a model changes while it trains; nothing where a function stands in its place.
struct Restored {
  nn::ModuleBase* model;
  void visit(Visitor& v) {
    if (model) v("model", *model);
    v("random", default_generator());
  }
};

void draw(const optim::LrRange& range, const std::string& path) {
  Curve losses{.name = "loss", .y = {}}, smoothed{.name = "smoothed", .y = {}};
  for (const optim::LrLoss& point : range.points) {
    losses.x.push_back(point.lr), losses.y.push_back(point.loss);
    smoothed.x.push_back(point.lr), smoothed.y.push_back(point.smoothed);
  }
  plot(path, {losses, smoothed},
       {.title = "Loss at rising learning rates", .x_label = "learning rate", .logarithmic_x = true});
}

}  // namespace

optim::LrRange find_lr(const Predictor& model, const Loss& loss, optim::Optimizer& optimizer,
                       const Batches& data, const FindLrOptions& options) {
  const auto passes = passes_of(data, {options.batch_size, true, Generator(seed_of_orders)});
  std::unique_ptr<detail::Pass> pass = passes->begin();
  const auto next = [&] {
    const std::vector<Tensor>* batch = pass->next();
    if (!batch) {
      pass = passes->begin();
      batch = pass->next();
    }
    if (!batch) refuse_empty("find_lr");
    return batch;
  };
  std::vector<Tensor> place;
  std::vector<double> parts;
  Restored restored{model.module()};
  const optim::LrRange range = optim::lr_range_test(
      optimizer,
      [&] {
        const std::vector<Tensor>& batch = *next();
        optimizer.zero_grad();
        const Tensor value = loss(model(inputs_of(batch, place)), target_of(batch), parts);
        check_loss(value);
        value.backward();
        optimizer.step();
        return value.item();
      },
      options.range, restored);
  if (!options.svg.empty()) draw(range, options.svg);
  return range;
}

}  // namespace xgrad::train
