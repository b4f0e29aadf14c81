#include "xgrad/files/pt.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "npy_text.hpp"
#include "pickle.hpp"
#include "pickle_globals.hpp"
#include "pt_storages.hpp"
#include "xgrad/core/tape.hpp"
#include "zip_archive.hpp"

namespace xgrad::files {
namespace {

constexpr std::uint64_t most_pickle_bytes = 1u << 26;
constexpr std::size_t deepest = 64;
// A list may lie in others many times, so that few bytes would be many values; of a pickle's own there is at
// most one to a byte.
constexpr std::size_t visits_of_any_file = 1u << 12, visits_per_byte = 8, most_name_bytes = 1u << 26;

/// Names what lies in dicts, lists and tuples by dotted paths, without recursion.
class PtFlattening {
 public:
  PtFlattening(ZipArchive& archive, const Pickle& pickle, std::size_t pickle_bytes, PtStorages& storages)
      : archive_(archive),
        pickle_(pickle),
        storages_(storages),
        visits_left_(visits_of_any_file + visits_per_byte * pickle_bytes) {}

  StateDict run() {
    if (!enter(pickle_.root))
      archive_.fail("the file holds no dict of values; save one by torch.save(model.state_dict(), path)");
    while (!open_.empty()) {
      Level& level = open_.back();
      path_.resize(level.path);
      if (level.next == size_of(level))
        open_.pop_back();
      else
        visit(level.next++);
    }
    return std::move(state_);
  }

 private:
  /// A dict, or the items of a list or a tuple, whose values are being visited.
  struct Level {
    const PickleDict* dict;
    const std::vector<PickleRef>* items;
    std::size_t path;  // length of its own
    std::size_t next = 0;
  };

  static std::size_t size_of(const Level& level) {
    return level.dict ? level.dict->items.size() : level.items->size();
  }

  void visit(std::size_t i) {
    const Level& level = open_.back();
    if (visits_left_-- == 0) fail_here("a list must not lie in others so many times; save every value once");
    if (level.path > 0) path_ += '.';
    path_ += level.dict ? key_of(level.dict->items[i].first) : std::to_string(i);
    const PickleRef value = level.dict ? level.dict->items[i].second : (*level.items)[i];
    if (!enter(value)) put(value);
  }

  std::string key_of(PickleRef key) const {
    if (const auto* text = pickle_.get<std::string_view>(key)) return std::string(*text);
    if (const auto* number = pickle_.get<std::int64_t>(key)) return std::to_string(*number);
    fail_here("a key of a dict must be a text or an integer");
  }

  /// Goes into a dict, a list or a tuple; false for anything else.
  bool enter(PickleRef value) {
    const auto* dict = pickle_.get<PickleDict>(value);
    const auto* list = pickle_.get<PickleList>(value);
    const auto* tuple = pickle_.get<PickleTuple>(value);
    if (!dict && !list && !tuple) return false;
    if (open_.size() == deepest) fail_here("values must lie in one another at most 64 deep");
    open_.push_back({dict, list ? &list->items : tuple ? &tuple->items : nullptr, path_.size()});
    return true;
  }

  void put(PickleRef value) {
    const std::optional<StateValue> state =
        std::visit([this](const auto& v) { return value_of(v); }, pickle_[value]);
    if (!state) return;
    name_bytes_ += path_.size();
    if (name_bytes_ > most_name_bytes)
      fail_here("the names must have fewer than 2^26 bytes in all; save fewer values");
    if (state_.contains(path_))
      fail_here("two values have one name when dicts are flattened; rename one of them");
    state_.set(path_, *state);
  }

  std::optional<StateValue> value_of(PickleNone) const { return {}; }
  std::optional<StateValue> value_of(bool v) const { return v; }
  std::optional<StateValue> value_of(std::int64_t v) const { return v; }
  std::optional<StateValue> value_of(double v) const { return v; }
  std::optional<StateValue> value_of(std::string_view v) const { return std::string(v); }
  std::optional<StateValue> value_of(const PickleTensor& view) const {
    return storages_.tensor(pickle_, view);
  }
  template <class Other>
  std::optional<StateValue> value_of(const Other&) const {
    fail_here("a class or a storage alone is no value of a state; save tensors, numbers and texts");
  }

  [[noreturn]] void fail_here(const std::string& what) const {
    archive_.fail(what, "the value '" + shown(path_) + "' of ");
  }

  ZipArchive& archive_;
  const Pickle& pickle_;
  PtStorages& storages_;
  std::vector<Level> open_;
  std::string path_;
  std::size_t visits_left_, name_bytes_ = 0;
  StateDict state_;
};

void refuse_old_form(const std::string& path) {
  const RegularFile file("read_pt", path);
  std::array<unsigned char, 2> start = {};
  file.read_at(0, start.data(), start.size());
  if (start[0] == 0x80)
    file.fail(
        "this is a pickle, as PyTorch before 1.6 wrote it, and must be a zip archive; load it there and save "
        "it "
        "again by a newer one");
}

/// "model/", where the first member is model/data.pkl or lies beside it.
std::string folder_of(const ZipArchive& archive) {
  if (archive.entries().empty()) archive.fail("the archive is empty; save a state by torch.save");
  const std::string& first = archive.entries()[0].name;
  return first.substr(0, first.find('/') + 1);
}

std::string read_whole(ByteSource& source) {
  if (source.size() > most_pickle_bytes)
    source.fail("a pickle must have at most 64 MiB, and it has " + std::to_string(source.size()) +
                " bytes; save tensors and not lists of numbers");
  std::string bytes(static_cast<std::size_t>(source.size()), '\0');
  source.read(bytes.data(), bytes.size());
  return bytes;
}

Pickle interpreted(std::string_view bytes, const ZipArchive& archive, const ZipEntry& entry) {
  try {
    return read_pickle(bytes);
  } catch (const PickleFault& fault) {
    archive.fail(fault.what, entry);
  }
}

}  // namespace

StateDict read_pt(const std::string& path) {
  const NoGrad guard;
  refuse_old_form(path);
  ZipArchive archive("read_pt", path);
  const std::string folder = folder_of(archive);
  const ZipEntry* entry = archive.find(folder + "data.pkl");
  if (!entry) archive.fail("this is no file of torch.save, which must have a member data.pkl", "");
  if (archive.find(folder + "constants.pkl"))
    archive.fail("this is a program of torch.jit.save; save the model's state_dict() by torch.save", "");
  std::string bytes;
  archive.open(*entry, [&](ByteSource& source) { bytes = read_whole(source); });
  const Pickle pickle = interpreted(bytes, archive, *entry);
  PtStorages storages(archive, folder);
  return PtFlattening(archive, pickle, bytes.size(), storages).run();
}

}  // namespace xgrad::files
