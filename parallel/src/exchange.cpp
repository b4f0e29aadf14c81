#include "exchange.hpp"

#include <algorithm>
#include <cstring>

namespace xgrad::parallel::detail {

void Exchange::send(int to, std::span<const std::byte> bytes) {
  auto& first = *kept_.emplace_back(std::make_unique<First>());
  std::memcpy(first.data(), &signature_, sizeof signature_);
  const bool in_one = bytes.size() <= most_in_one;
  if (in_one && !bytes.empty()) std::memcpy(first.data() + sizeof signature_, bytes.data(), bytes.size());
  const std::size_t length = sizeof signature_ + (in_one ? bytes.size() : 0);
  sends_.push_back(channel_.engine->send(to, tag_, {first.data(), length}));
  if (!in_one) sends_.push_back(channel_.engine->send(to, tag_ + 1, bytes));
}

void Exchange::receive(int from, std::span<std::byte> bytes) {
  auto first = std::make_unique<First>();
  auto transfer = channel_.engine->receive(from, tag_, *first);
  receives_.push_back({from, bytes, std::move(first), std::move(transfer)});
}

bool Exchange::advance() {
  bool all = true;
  for (Incoming& incoming : receives_)
    if (!incoming.done) all &= take(incoming);
  std::erase_if(sends_, [](const auto& transfer) { return transfer->is_done(); });
  return all && sends_.empty();
}

bool Exchange::take(Incoming& incoming) {
  if (!incoming.transfer->is_done()) return false;
  if (!incoming.in_second) {
    check_same(incoming);
    if (incoming.bytes.size() > most_in_one) {
      incoming.in_second = true;
      incoming.transfer = channel_.engine->receive(incoming.from, tag_ + 1, incoming.bytes);
      return take(incoming);
    }
    if (!incoming.bytes.empty())
      std::memcpy(incoming.bytes.data(), incoming.first->data() + sizeof(Signature), incoming.bytes.size());
  }
  return incoming.done = true;
}

void Exchange::check_same(const Incoming& incoming) {
  Signature theirs;
  std::memcpy(&theirs, incoming.first->data(), sizeof theirs);
  if (theirs == signature_) return;
  channel_.fail("Communicator: ranks make different calls: rank " + std::to_string(channel_.rank()) +
                " calls " + signature_.describe() + ", rank " + std::to_string(incoming.from) + " calls " +
                theirs.describe() + "; all ranks must make the same calls in the same order");
}

std::vector<int> Exchange::awaited() const {
  std::vector<int> ranks;
  for (const Incoming& incoming : receives_)
    if (!incoming.done) ranks.push_back(incoming.from);
  std::ranges::sort(ranks);
  return ranks;
}

}  // namespace xgrad::parallel::detail
