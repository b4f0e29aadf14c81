#pragma once

#include <torch/torch.h>

#include "cliffs/cliffs.hpp"

namespace bench::cliffs {

using Given = std::vector<torch::Tensor>;

struct Peer {
  const char* name;  ///< that of the work
  torch::Tensor (*f)(const Given&);
};

/// Adds what LibTorch does for works; before main.
struct Peers {
  Peers(std::initializer_list<Peer> peers);  // NOLINT(google-explicit-constructor)
};

}  // namespace bench::cliffs
