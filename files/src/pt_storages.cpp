#include "pt_storages.hpp"

#include <algorithm>
#include <span>

#include "npy_text.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::files {
namespace {

// Strides of 0 and overlaps make many elements of few. So much is given to any file, and to large ones as
// much as compression could have hidden in them.
constexpr std::uint64_t copies_of_any_file = std::uint64_t{1} << 24, copies_per_byte = 1032;

/// Row by row without gaps; where a size is 1 no step is made.
bool is_contiguous(const PickleTensor& view) {
  std::int64_t step = 1;
  for (std::size_t i = view.sizes.size(); i-- > 0;) {
    if (view.sizes[i] != 1 && view.strides[i] != step) return false;
    step *= view.sizes[i];
  }
  return true;
}

/// Copies the elements of a view, which lie inside `from`, in the order of its indices.
template <class T>
void gather(std::span<const T> from, const PickleTensor& view, std::span<T> to) {
  std::vector<std::int64_t> index(view.sizes.size(), 0);
  std::int64_t at = view.offset;
  for (T& x : to) {
    x = from[static_cast<std::size_t>(at)];
    for (std::size_t i = index.size(); i-- > 0;) {
      at += view.strides[i];
      if (++index[i] < view.sizes[i]) break;
      at -= view.strides[i] * view.sizes[i];
      index[i] = 0;
    }
  }
}

}  // namespace

PtStorages::PtStorages(ZipArchive& archive, std::string folder)
    : archive_(archive),
      folder_(std::move(folder)),
      copies_left_(copies_of_any_file + copies_per_byte * archive.file_size()) {
  const ZipEntry* order = archive_.find(folder_ + "byteorder");  // of PyTorch 2.1 and newer
  if (!order) return;
  archive_.open(*order, [&](ByteSource& source) {
    std::string word(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 16)), '\0');
    source.read(word.data(), word.size());
    big_endian_ = word == "big";
    if (!big_endian_ && word != "little")
      source.fail("the order of bytes must be little or big; get the file again");
  });
}

const PtStorages::Loaded& PtStorages::loaded(const PickleStorage& storage) {
  const std::string name = folder_ + "data/" + std::string(storage.key.substr(0, 100));
  const ZipEntry* entry = archive_.find(name);
  if (!entry)
    archive_.fail("there is no member for a storage; get the file again",
                  "the member '" + shown(name) + "' of ");
  const Shape shape{storage.size};
  if (const auto found = loaded_.find(storage.key); found != loaded_.end()) {
    if (found->second.code.kind != storage.code.kind || found->second.code.bytes != storage.code.bytes ||
        found->second.elements.shape() != shape)
      archive_.fail("a storage must have one dtype and size, and has another one here; get the file again",
                    *entry);
    return found->second;
  }
  ElementCode code = storage.code;
  code.big_endian = big_endian_;
  Loaded made{storage.code, {}, entry};
  archive_.open(*entry, [&](ByteSource& source) {
    if (const std::uint64_t needed = byte_count(source, shape, code); needed != source.size())
      source.fail("a storage of " + std::to_string(storage.size) + " elements must have " +
                  std::to_string(needed) + " bytes, and there are " + std::to_string(source.size()) +
                  "; get the file again");
    made.elements = read_elements(source, shape, code);
  });
  return loaded_.emplace(storage.key, std::move(made)).first->second;
}

Tensor PtStorages::tensor(const Pickle& pickle, const PickleTensor& view) {
  const Loaded& storage = loaded(std::get<PickleStorage>(pickle[view.storage]));
  const Shape shape(view.sizes);
  bool none = false, wraps = false;
  std::uint64_t n = 1;
  for (std::int64_t size : view.sizes) {
    none |= size == 0;
    wraps |= __builtin_mul_overflow(n, static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1)), &n);
  }
  if (wraps || n > static_cast<std::uint64_t>(storage.elements.numel()) + copies_left_)
    archive_.fail("a tensor of shape " + shape.str() +
                      " has more elements than there is room for; save a copy of it "
                      "by clone()",
                  *storage.entry);
  if (none) return empty(shape, {.dtype = storage.code.dtype()});
  const auto count = static_cast<std::int64_t>(n);
  if (!is_contiguous(view)) return copied(storage, view, shape);
  if (count == storage.elements.numel()) return storage.elements.reshape(shape);
  return storage.elements.slice(0, view.offset, view.offset + count).reshape(shape);
}

Tensor PtStorages::copied(const Loaded& storage, const PickleTensor& view, const Shape& shape) {
  const auto n = static_cast<std::uint64_t>(shape.numel());
  if (n > copies_left_)
    archive_.fail("a tensor of shape " + shape.str() +
                      " repeats the elements of its storage too often; save a copy "
                      "of it by clone()",
                  *storage.entry);
  copies_left_ -= n;
  Tensor x = empty(shape, {.dtype = storage.elements.dtype()});
  const Tensor& from = storage.elements;
  if (x.dtype() == float32) gather(from.data<float>(), view, x.mutable_data<float>());
  if (x.dtype() == float64) gather(from.data<double>(), view, x.mutable_data<double>());
  if (x.dtype() == int64) gather(from.data<std::int64_t>(), view, x.mutable_data<std::int64_t>());
  if (x.dtype() == boolean) gather(from.data<bool>(), view, x.mutable_data<bool>());
  return x;
}

}  // namespace xgrad::files
