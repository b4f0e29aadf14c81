#include "xgrad/core/state/load.hpp"
#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

void copy_parameters(const ModuleBase& from, ModuleBase& to) {
  Visitor sources = Visitor::of(from), targets = Visitor::of(to);
  sources.keep_parameters_and_buffers();
  targets.keep_parameters_and_buffers();
  xgrad::detail::copy_values("copy_parameters", sources, targets);
}

}  // namespace xgrad::nn
