#include "xgrad/train/callbacks/csv_log.hpp"

#include <fstream>

#include "number_text.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

/// A name as a field, in quotes where it needs them (RFC 4180).
std::string field(const std::string& name) {
  if (name.find_first_of(",\"\n\r") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string line_of(const History& history, std::int64_t epoch) {
  std::string line = std::to_string(epoch + 1);
  for (const std::string& name : history.names())
    line += "," + exact_text(history[name][static_cast<std::size_t>(epoch)]);
  return line + "\n";
}

}  // namespace

void CsvLog::on_epoch(Training& training) {
  const History& history = training.history();
  const bool is_new = names_ != history.names();
  std::ofstream file(path_, is_new ? std::ios::trunc : std::ios::app);
  if (is_new) {
    names_ = history.names();
    file << "epoch";
    for (const std::string& name : names_) file << "," << field(name);
    file << "\n";
    for (std::int64_t epoch = 0; epoch + 1 < history.epochs(); ++epoch) file << line_of(history, epoch);
  }
  file << line_of(history, history.epochs() - 1);
  file.close();
  if (!file) throw Error("CsvLog: the file must be one that can be written: " + path_);
}

}  // namespace xgrad::train
