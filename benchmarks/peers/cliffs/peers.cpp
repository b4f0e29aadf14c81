#include "peers/cliffs/peers.hpp"

#include <map>

namespace bench::cliffs {

namespace {

using Function = torch::Tensor (*)(const Given&);

// Filled before main by objects of several files, so made at first use.
std::map<std::string, Function>& all() {
  static std::map<std::string, Function> peers;
  return peers;
}

/// A copy in LibTorch's own memory.
torch::Tensor to_torch(const Tensor& x) {
  const std::vector<std::int64_t> shape(x.shape().begin(), x.shape().end());
  const auto copy = [&](const auto* p, torch::ScalarType type) {
    return torch::from_blob(const_cast<void*>(static_cast<const void*>(p)), shape, type).clone();
  };
  switch (x.dtype()) {
    case xgrad::float32:
      return copy(x.data<float>().data(), torch::kFloat);
    case xgrad::float64:
      return copy(x.data<double>().data(), torch::kDouble);
    case xgrad::int64:
      return copy(x.data<std::int64_t>().data(), torch::kLong);
    default:
      return copy(x.data<bool>().data(), torch::kBool);
  }
}

double number_of(const torch::Tensor& x) { return x.to(torch::kDouble).square().sum().item<double>(); }

Side side(const std::string& name, const Operands& operands, const Tensor& cotangent) {
  const auto found = all().find(name);
  if (found == all().end()) return {};
  const Function f = found->second;
  Given x, leaves, wanted;
  for (const Tensor& operand : operands) {
    x.push_back(to_torch(operand));
    leaves.push_back(x.back().clone());
    if (is_floating(operand.dtype())) wanted.push_back(leaves.back().requires_grad_());
  }
  Side made;
  made.forward = [=] {
    const torch::NoGradGuard guard;
    f(x);
  };
  if (!cotangent.defined()) {
    made.numbers = [=] { return std::vector{number_of(f(x))}; };
    return made;
  }
  const torch::Tensor g = to_torch(cotangent);
  const auto both = [=] { return torch::autograd::grad({f(leaves)}, wanted, {g}); };
  made.both = [=] { both(); };
  made.numbers = [=] {
    std::vector<double> found_numbers = {(f(x).to(torch::kDouble) * g).sum().item<double>()};
    for (const torch::Tensor& gradient : both()) found_numbers.push_back(number_of(gradient));
    return found_numbers;
  };
  return made;
}

const bool set = (set_peer(side, [](int n) { torch::set_num_threads(n); }), true);

}  // namespace

Peers::Peers(std::initializer_list<Peer> peers) {
  for (const Peer& peer : peers) all().emplace(peer.name, peer.f);
}

}  // namespace bench::cliffs
