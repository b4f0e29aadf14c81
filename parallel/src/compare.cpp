#include "compare.hpp"

#include <cstring>
#include <sstream>

#include "operations.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::parallel::detail {

namespace {

/// FNV-1a by words of 8 bytes, the rest of them by zeros (Fowler, Noll and Vo).
std::int64_t hash_of(std::span<const std::byte> bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    hash = (hash ^ word) * 1099511628211u;
    hash ^= hash >> 29;
  }
  return static_cast<std::int64_t>(hash);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

void check_same_tensors(Communicator& communicator, const std::vector<NamedTensor>& tensors) {
  std::string own;
  for (const auto& [name, tensor] : tensors)
    own += name + ", " + tensor.describe() + (tensor.requires_grad() ? "" : " without gradient") + "\n";
  const std::vector<std::string> all = communicator.all_gather_texts(own);
  const std::vector<std::string> first = lines_of(all[0]);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] == all[0]) continue;
    const std::vector<std::string> other = lines_of(all[r]);
    std::size_t i = 0;
    while (i < first.size() && i < other.size() && first[i] == other[i]) ++i;
    const auto line = [&](const auto& lines) { return i < lines.size() ? lines[i] : "no more tensors"; };
    throw Error("Replica: the ranks have different models: rank 0 has " + line(first) + " where rank " +
                std::to_string(r) + " has " + line(other) + "; all ranks must make the same model");
  }
}

void check_same_bits(Communicator& communicator, const std::vector<NamedTensor>& tensors) {
  std::vector<std::int64_t> own;
  for (const auto& [name, tensor] : tensors) own.push_back(hash_of(bytes_of(tensor)));
  const Tensor gathered = communicator.all_gather(tensor(own));
  const auto all = gathered.data<std::int64_t>();
  for (std::size_t i = 0; i < own.size(); ++i) {
    std::string ranks;
    for (std::size_t r = 1; r < static_cast<std::size_t>(communicator.size()); ++r)
      if (all[r * own.size() + i] != all[i]) ranks += (ranks.empty() ? "" : ", ") + std::to_string(r);
    if (!ranks.empty())
      throw Error("Replica: the ranks have different values: " + tensors[i].name + ", " +
                  tensors[i].tensor.describe() + ", of rank " + ranks +
                  " is not that of rank 0; all must make the same steps from the same weights");
  }
}

}  // namespace xgrad::parallel::detail
