// What ranks say to each other in words.

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "channel.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad::parallel {

std::vector<std::string> Communicator::all_gather_texts(const std::string& text) {
  const auto length = static_cast<std::int64_t>(text.size());
  const std::vector<std::int64_t> lengths =
      all_gather(tensor(std::vector<std::int64_t>{length})).to_vector<std::int64_t>();
  const std::int64_t words = (*std::ranges::max_element(lengths) + 7) / 8;
  Tensor own = zeros({words}, {.dtype = int64});
  if (length > 0) std::memcpy(own.mutable_data<std::int64_t>().data(), text.data(), text.size());
  const Tensor all = all_gather(own);
  const auto* bytes = reinterpret_cast<const char*>(all.data<std::int64_t>().data());
  std::vector<std::string> texts;
  for (std::size_t r = 0; r < lengths.size(); ++r)
    texts.emplace_back(bytes + static_cast<std::int64_t>(r) * words * 8,
                       static_cast<std::size_t>(lengths[r]));
  return texts;
}

std::vector<double> Communicator::waited_for() const { return channel_->waited; }

std::string Communicator::waiting_report() {
  const std::vector<double> all = all_gather(tensor(waited_for())).to_vector<double>();
  const auto n = static_cast<std::size_t>(size());
  std::vector<double> sums(n);
  std::string text = "seconds that a rank (row) has waited for a rank (column)\n";
  char number[32];
  for (std::size_t i = 0; i < n; ++i) {
    text += "rank " + std::to_string(i) + ":";
    for (std::size_t j = 0; j < n; ++j) {
      std::snprintf(number, sizeof number, " %9.3f", all[i * n + j]);
      text += number;
      sums[j] += all[i * n + j];
    }
    text += "\n";
  }
  const auto slowest = std::ranges::max_element(sums);
  std::snprintf(number, sizeof number, "%.3f", *slowest);
  return text + "longest waited for: rank " + std::to_string(slowest - sums.begin()) + ", " + number + " s\n";
}

}  // namespace xgrad::parallel
