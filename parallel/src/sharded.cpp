#include "xgrad/parallel/sharded.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "xgrad/core/error.hpp"
#include "xgrad/core/state/load.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/files/safetensors.hpp"

namespace xgrad::parallel {

namespace {

namespace fs = std::filesystem;

/// The largest first, each to the rank that has least.
std::vector<int> deal_out(const std::vector<NamedTensor>& parameters, int ranks) {
  std::vector<std::size_t> order(parameters.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(),
                           [&](std::size_t i) { return parameters[i].tensor.numel(); });
  std::vector<std::int64_t> loads(static_cast<std::size_t>(ranks));
  std::vector<int> owners(parameters.size());
  for (const std::size_t i : order) {
    const auto least = std::ranges::min_element(loads);
    *least += parameters[i].tensor.numel();
    owners[i] = static_cast<int>(least - loads.begin());
  }
  return owners;
}

std::string part_path(const std::string& path, int rank, int size) {
  return path + ".rank-" + std::to_string(rank) + "-of-" + std::to_string(size) + ".safetensors";
}

/// How many parts there are of a path; 0 where there are none.
std::vector<int> sizes_of_parts(const std::string& path) {
  std::vector<int> sizes;
  const std::string start = fs::path(path).filename().string() + ".rank-0-of-";
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start)) sizes.push_back(std::atoi(name.c_str() + start.size()));
  }
  return sizes;
}

}  // namespace

ShardedOptimizer::ShardedOptimizer(const optim::Parameters& parameters, const Communicator& communicator,
                                   const Make& make)
    : parameters_(parameters.tensors()), communicator_(communicator.duplicate()) {
  for (std::size_t i = 0; i < parameters_.size(); ++i)  // names that do not depend on who has what
    if (parameters_[i].name.empty()) parameters_[i].name = "parameter_" + std::to_string(i);
  owners_ = deal_out(parameters_, communicator_.size());
  std::vector<NamedTensor> mine;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (owners_[i] == communicator_.rank()) mine.push_back(parameters_[i]);
  if (!mine.empty()) own_ = make(optim::Parameters(mine));
}

void ShardedOptimizer::step() {
  const auto has_gradient = [](const NamedTensor& p) { return p.tensor.grad().defined(); };
  if (std::ranges::none_of(parameters_, has_gradient))
    throw Error("ShardedOptimizer: no parameter has a gradient; call backward() before step()");
  bool any = false;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    any |= owners_[i] == communicator_.rank() && has_gradient(parameters_[i]);
  if (any) own_->step();
  const NoGrad guard;
  std::vector<Work> works;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (has_gradient(parameters_[i]))
      works.push_back(communicator_.start_broadcast(parameters_[i].tensor, owners_[i]));
  for (Work& work : works) work.wait();
}

void ShardedOptimizer::zero_grad() {
  for (NamedTensor& p : parameters_) p.tensor.zero_grad();
}

void ShardedOptimizer::set_lr(double lr) {
  if (own_) own_->set_lr(lr);
}

void ShardedOptimizer::save(const std::string& path) {
  const int rank = communicator_.rank(), size = communicator_.size();
  StateDict state;
  if (own_) state = state_dict(*own_);
  files::save(part_path(path, rank, size), state);
  communicator_.barrier();
  if (rank == 0)  // parts of other numbers of ranks are older
    for (const int other : sizes_of_parts(path))
      for (int r = 0; other != size && r < other; ++r) fs::remove(part_path(path, r, other));
  communicator_.barrier();
}

void ShardedOptimizer::load(const std::string& path) {
  communicator_.barrier();
  const std::vector<int> sizes = sizes_of_parts(path);
  if (sizes.size() != 1)
    throw Error(
        "ShardedOptimizer: " + path + " must have the parts of one number of ranks: there are those of " +
        std::to_string(sizes.size()) + "; the first is called " + part_path(path, 0, 1) + " for one rank");
  StateDict all;
  for (int r = 0; r < sizes.front(); ++r)
    for (const auto& entry : files::read_state(part_path(path, r, sizes.front())))
      all.set(entry.name, entry.value);
  if (own_) {
    StateDict mine;
    for (const auto& entry : state_dict(*own_)) {
      const bool lists_names = entry.name.ends_with(".params");  // of a part that another rank had
      const StateValue* value = lists_names ? &entry.value : all.find(entry.name);
      if (value) mine.set(entry.name, *value);
    }
    load_state_dict(*own_, mine);
  }
  communicator_.barrier();
}

}  // namespace xgrad::parallel
