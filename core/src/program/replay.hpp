#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tensor/capture.hpp"
#include "xgrad/core/replay.hpp"

namespace xgrad {

namespace detail {

/// Makes a step eagerly and writes down what it does. Where `strict`, reading elements throws; else it is
/// what the plan is refused for.
std::unique_ptr<Plan> record_step(const std::function<void()>& step, bool strict, bool keep_bits = false);

/// Where two recordings of a step differ, "" where they do not.
std::string difference(const Plan& a, const Plan& b);

/// Throws Error where the leaves are not as the plan needs them.
void check_leaves(const Plan& plan);

void run_plan(const Plan& plan);

/// The bits that the plan's kernels make, up to the first of the host's runs; what the step has found is as
/// it was afterwards.
std::vector<std::string> bits_made(const Plan& plan);

}  // namespace detail

struct Replay::Impl {
  std::function<void()> step;
  CaptureOptions options;
  std::unique_ptr<detail::Plan> plan = nullptr;
  bool planned = false;
  int recordings = 0;
  std::string why = {};

  void record();
  void verify();
};

}  // namespace xgrad
