#include "xgrad/files/checkpoint.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <filesystem>

#include "safetensors_read.hpp"
#include "safetensors_write.hpp"
#include "state_text.hpp"

namespace xgrad::files {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view start = "checkpoint-", end_of_name = ".safetensors", end_of_unfinished = ".tmp";
constexpr const char* metric_key = "xgrad.checkpoint:metric";
constexpr const char* step_key = "xgrad.checkpoint:step";
constexpr std::size_t digits_of_step = 12;  ///< at least, so that names sort as steps do

std::string name_of(std::int64_t step) {
  std::string digits = std::to_string(step);
  digits.insert(0, digits_of_step - std::min(digits_of_step, digits.size()), '0');
  return std::string(start) + digits + std::string(end_of_name);
}

/// The step of a checkpoint's name; nothing for another name.
std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(start) || !name.ends_with(end_of_name)) return {};
  std::int64_t step = 0;
  std::from_chars(name.data() + start.size(), name.data() + name.size(), step);
  return step >= 0 && name == name_of(step) ? std::optional(step) : std::nullopt;
}

/// The names in a directory.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error))
    names.push_back(i->path().filename().string());
  if (error)
    throw Error("Checkpointer: the directory cannot be read (" + error.message() + "): " + directory +
                "; it must be there as long as there is a Checkpointer of it");
  return names;
}

/// True for "checkpoint-000000000012.safetensors.4711.0.tmp".
bool is_unfinished(const std::string& name) {
  const auto at = name.find(end_of_name);
  return at != std::string::npos && name.ends_with(end_of_unfinished) &&
         step_of(std::string_view(name).substr(0, at + end_of_name.size()));
}

/// Removes a file that nobody is writing. A writer holds a lock, and takes it before the first byte.
void remove_if_left(const std::string& path) {
  constexpr std::time_t seconds_to_lock = 60;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) return;
  struct stat status = {};
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &status) == 0 &&
      (status.st_size > 0 || std::time(nullptr) - status.st_mtime > seconds_to_lock))
    unlink(path.c_str());
  close(descriptor);
}

std::optional<double> metric_of(const std::string& path) {
  const MappedFile file("Checkpointer", path);
  const SafetensorsHeader header = read_header(file);
  const auto found = header.metadata.find(metric_key);
  if (found == header.metadata.end()) return {};
  const auto value = value_of_text(found->second);
  const double* metric = value ? std::get_if<double>(&*value) : nullptr;
  if (!metric)
    file.broken("the metadata " + in_quotes(metric_key) + " must be a number: it is " +
                in_quotes(found->second));
  return *metric;
}

}  // namespace

Checkpointer::Checkpointer(std::string directory, CheckpointerOptions options)
    : directory_(std::move(directory)), options_(options) {
  if (options_.keep < 1)
    throw Error("Checkpointer: keep must be at least 1: keep = " + std::to_string(options_.keep));
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error || !fs::is_directory(directory_, error))
    throw Error("Checkpointer: the directory cannot be made" + (error ? " (" + error.message() + ")" : "") +
                ": " + directory_ + "; name a directory, or one that may be made");
}

std::string Checkpointer::path_of(std::int64_t step) const { return directory_ + "/" + name_of(step); }

/// In rising order.
std::vector<std::int64_t> Checkpointer::steps() const {
  std::vector<std::int64_t> all;
  for (const std::string& name : names_in(directory_))
    if (const auto step = step_of(name)) all.push_back(*step);
  std::ranges::sort(all);
  return all;
}

std::optional<std::string> Checkpointer::latest() const {
  const auto all = steps();
  return all.empty() ? std::nullopt : std::optional(path_of(all.back()));
}

std::optional<std::string> Checkpointer::best() const {
  const auto record = record_of(steps());
  return record ? std::optional(path_of(record->step)) : std::nullopt;
}

bool Checkpointer::is_better(double metric, const std::optional<Record>& record) const {
  if (options_.best == Best::none || std::isnan(metric)) return false;
  if (!record) return true;
  return options_.best == Best::lowest ? metric < record->metric : metric > record->metric;
}

std::optional<Checkpointer::Record> Checkpointer::record_of(const std::vector<std::int64_t>& steps) const {
  std::optional<Record> record;
  if (options_.best == Best::none) return {};
  for (const std::int64_t step : steps)
    if (const auto metric = metric_of(path_of(step)); metric && is_better(*metric, record))
      record = Record{step, *metric};
  return record;
}

std::string Checkpointer::save_state(std::int64_t step, const StateDict& state,
                                     std::optional<double> metric) const {
  auto before = steps();
  if (step < 0) throw Error("Checkpointer: a step must be at least 0: step = " + std::to_string(step));
  if (!before.empty() && step < before.back())
    throw Error("Checkpointer: a step must not come before the latest one: step " + std::to_string(step) +
                " after " + path_of(before.back()) + "; another run needs a directory of its own");
  if (!before.empty() && step == before.back()) before.pop_back();  // it is replaced
  auto record = record_of(before);
  remove_leftovers();
  Metadata metadata{{step_key, text_of_value(step)}};
  if (metric) metadata[metric_key] = text_of_value(*metric);
  std::string path = path_of(step);
  write_state("Checkpointer", path, state, std::move(metadata));
  if (metric && is_better(*metric, record)) record = Record{step, *metric};
  remove_all_but(record, before);
  return path;
}

std::optional<std::int64_t> Checkpointer::load_latest(const Visitor& target) const {
  const auto all = steps();
  if (all.empty()) return {};
  load_into(target, StoredFile("Checkpointer", path_of(all.back())), {});
  return all.back();
}

void Checkpointer::remove_leftovers() const {
  for (const std::string& name : names_in(directory_))
    if (is_unfinished(name)) remove_if_left(directory_ + "/" + name);
}

/// Of the steps before the one that was just saved, those that need not stay go.
void Checkpointer::remove_all_but(const std::optional<Record>& record,
                                  const std::vector<std::int64_t>& before) const {
  const auto others = static_cast<std::size_t>(options_.keep) - 1;
  for (std::size_t i = 0; i + others < before.size(); ++i)
    if (!record || before[i] != record->step) unlink(path_of(before[i]).c_str());
}

}  // namespace xgrad::files
