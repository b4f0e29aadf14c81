#include "xgrad/train/history.hpp"

#include <algorithm>
#include <limits>
#include <ostream>
#include <sstream>

#include "number_text.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

const History::Column* History::find(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name, &Column::name);
  return found == columns_.end() ? nullptr : &*found;
}

void History::add(const Scores& epoch) {
  for (const auto& score : epoch)
    if (!contains(score.name))
      columns_.push_back({score.name, std::vector<double>(static_cast<std::size_t>(epochs_), missing)});
  for (Column& column : columns_)
    column.values.push_back(epoch.contains(column.name) ? epoch[column.name] : missing);
  ++epochs_;
}

std::vector<std::string> History::names() const {
  std::vector<std::string> all;
  for (const Column& column : columns_) all.push_back(column.name);
  return all;
}

const std::vector<double>& History::operator[](std::string_view name) const& {
  if (const Column* column = find(name)) return column->values;
  std::string all;
  for (const Column& column : columns_) all += (all.empty() ? "" : ", ") + column.name;
  throw Error("History: there is no \"" + std::string(name) + "\"; there are " +
              (all.empty() ? "none" : all));
}

std::string History::str() const {
  constexpr std::size_t gap = 2;
  std::string text = "epoch";
  for (const Column& column : columns_)
    text += std::string(gap + (column.name.size() < 6 ? 6 - column.name.size() : 0), ' ') + column.name;
  for (std::size_t row = 0; row < static_cast<std::size_t>(epochs_); ++row) {
    const std::string number = std::to_string(row + 1);
    text += "\n" + std::string(number.size() < 5 ? 5 - number.size() : 0, ' ') + number;
    for (const Column& column : columns_) {
      const std::string value = short_text(column.values[row]);
      const std::size_t width = gap + std::max<std::size_t>(column.name.size(), 6);
      text += std::string(width > value.size() ? width - value.size() : 1, ' ') + value;
    }
  }
  return text + (stopped_.empty() ? "\n" : "\nended early: " + stopped_ + "\n");
}

std::ostream& operator<<(std::ostream& out, const History& history) { return out << history.str(); }

void History::pack() {
  packed_names_.clear();
  std::vector<double> values;
  for (const Column& column : columns_) {
    packed_names_ += column.name + "\n";
    values.insert(values.end(), column.values.begin(), column.values.end());
  }
  packed_ = tensor(values, {std::ssize(columns_), epochs_});
}

void History::unpack() {
  columns_.clear();
  const auto values = packed_.data<double>();
  epochs_ = packed_.size(1);
  std::istringstream names(packed_names_);
  auto at = values.begin();
  for (std::string name; std::getline(names, name); at += epochs_)
    columns_.push_back({name, std::vector<double>(at, at + epochs_)});
}

void History::visit(Visitor& v) {
  pack();
  v("names", packed_names_), v("stopped", stopped_);
  v.lazy("values", packed_);
  v.check([this] {
    const auto count = std::ranges::count(packed_names_, '\n');
    if (!packed_.defined() || packed_.dtype() != float64 || packed_.dim() != 2 || packed_.size(0) != count)
      throw Error("History: the values must be a row of float64 for each of " + std::to_string(count) +
                  " names: they are " + (packed_.defined() ? packed_.describe() : "undefined"));
  });
  v.loaded([this] { unpack(); });
}

}  // namespace xgrad::train
