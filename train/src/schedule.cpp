#include "xgrad/train/schedule.hpp"

#include <string_view>

namespace xgrad::train {

std::int64_t Schedule::length() const {
  if (!schedule_) return -1;
  std::int64_t length = -1, epochs = 0, per_epoch = 0;
  for (const auto& slot : Visitor::of(*schedule_).slots()) {
    const auto* const* place = std::get_if<std::int64_t*>(&slot.place);
    if (!place) continue;
    const std::string_view name = slot.path;
    // As the schedules' own options call it: OneCycleLR; CosineAnnealingLR; LinearLR, PolynomialLR.
    if ((name == "total_steps" || name == "T_max" || name == "total_iters") && **place > 0) length = **place;
    if (name == "epochs") epochs = **place;
    if (name == "steps_per_epoch") per_epoch = **place;
  }
  return length < 0 && epochs > 0 && per_epoch > 0 ? epochs * per_epoch : length;
}

}  // namespace xgrad::train
