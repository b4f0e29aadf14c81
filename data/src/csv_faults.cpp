#include "csv_faults.hpp"

namespace xgrad::data {

namespace {
constexpr std::size_t most_listed = 10;
}  // namespace

void Faults::add(const std::string& what, const std::string& place) {
  if (faults_.size() == most_listed) list("more than " + std::to_string(most_listed));
  faults_.push_back({what, place});
}

void Faults::check() const {
  if (faults_.size() == 1) rows_.fail(faults_[0].what, faults_[0].place + " of ");
  if (!faults_.empty()) list(std::to_string(faults_.size()));
}

void Faults::list(const std::string& count) const {
  std::string all;
  for (const Fault& fault : faults_) all += "\n  " + fault.place + ": " + fault.what;
  rows_.fail("there are " + count + " faults; correct them or change the options:" + all + "\n", "in ");
}

}  // namespace xgrad::data
