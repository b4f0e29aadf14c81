#pragma once

#include "xgrad/core/random.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad::data {

struct LogitSampling {
  double temperature = 1;  ///< below 1 the likely ones become likelier; 0 takes the most likely one
  std::int64_t top_k = 0;  ///< keep so many of the most likely ones; 0: all
  /// Keep the most likely ones that have this probability together, and one at least: the nucleus of Holtzman
  /// et al. (2020).
  double top_p = 1;
};

/// The probabilities that are drawn from: softmax(logits / temperature) along the last axis, of what is kept
/// by top_k first and then by top_p, and 0 elsewhere. Of equally likely classes the first are kept. In the
/// shape of the logits, [classes] or [rows, classes]. Throws Error for other shapes, logits of nan, a
/// temperature below 0, top_k outside the classes and top_p outside (0, 1].
Tensor sampling_probabilities(const Tensor& logits, LogitSampling how = {});

/// Classes drawn from logits, int64 [] or [rows]: what a language model says next.
Tensor sample_logits(const Tensor& logits, LogitSampling how = {}, Generator generator = default_generator());

}  // namespace xgrad::data
