#include "zip_archive.hpp"

#include <algorithm>
#include <array>

#include "zip_member.hpp"

namespace xgrad::files {

ZipArchive::ZipArchive(const char* op, const std::string& path) : file_(op, path) {
  std::array<char, 4> start = {};
  if (file_.size() == 0) fail("the file is empty");
  const std::ptrdiff_t got = file_.read_at(0, start.data(), start.size());
  const std::string_view found(start.data(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
  if (found != "PK\3\4" && found != "PK\5\6") fail("this is no zip archive: it must begin with PK", "");
  entries_ = read_zip_directory(file_);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!places_.emplace(entries_[i].name, i).second)
      fail("two members have this name; write each under a name of its own", entries_[i]);
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &entries_[found->second];
}

void ZipArchive::open(const ZipEntry& entry, const std::function<void(ByteSource&)>& read) const {
  ZipMember member(file_, entry);
  read(member);
  member.finish();
}

}  // namespace xgrad::files
