#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pickle_value.hpp"
#include "xgrad/core/tensor.hpp"
#include "zip_archive.hpp"

namespace xgrad::files {

/// The storages in an archive of torch.save, each read once, and tensors as views of them.
class PtStorages {
 public:
  /// `folder` is what the members of the archive begin with.
  PtStorages(ZipArchive& archive, std::string folder);

  /// The tensor that the view is: sharing the storage's elements where they lie row by row, else a copy.
  Tensor tensor(const Pickle& pickle, const PickleTensor& view);

 private:
  struct Loaded {
    ElementCode code;
    Tensor elements;
    const ZipEntry* entry;
  };

  const Loaded& loaded(const PickleStorage& storage);
  Tensor copied(const Loaded& storage, const PickleTensor& view, const Shape& shape);

  ZipArchive& archive_;
  std::string folder_;
  bool big_endian_ = false;
  std::uint64_t copies_left_;  // elements
  std::map<std::string_view, Loaded> loaded_;
};

}  // namespace xgrad::files
