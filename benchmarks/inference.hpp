#pragma once

#include "mlp.hpp"

// What a small batch of answers takes: the MLP of mlp.hpp in evaluation, unrecorded.

namespace bench::inference {

inline constexpr int batches[] = {1, 8, 32};

inline std::string work(int batch) { return "inference_" + std::to_string(batch); }

}  // namespace bench::inference
