#include "pickle_globals.hpp"

#include <algorithm>

#include "npy_text.hpp"

namespace xgrad::files {
namespace {

using Kind = ElementCode::Kind;

struct StorageClass {
  std::string_view name;
  ElementCode code;
};

constexpr StorageClass storage_classes[] = {{"FloatStorage", {Kind::real, 4}},
                                            {"DoubleStorage", {Kind::real, 8}},
                                            {"HalfStorage", {Kind::real, 2}},
                                            {"BFloat16Storage", {Kind::brain_real, 2}},
                                            {"LongStorage", {Kind::signed_integer, 8}},
                                            {"IntStorage", {Kind::signed_integer, 4}},
                                            {"ShortStorage", {Kind::signed_integer, 2}},
                                            {"CharStorage", {Kind::signed_integer, 1}},
                                            {"ByteStorage", {Kind::unsigned_integer, 1}},
                                            {"BoolStorage", {Kind::boolean, 1}}};

bool is(const PickleGlobal& global, std::string_view module, std::string_view name) {
  return global.module == module && global.name == name;
}
bool is_ordered_dict(const PickleGlobal& global) { return is(global, "collections", "OrderedDict"); }
bool is_tensor(const PickleGlobal& global) { return is(global, "torch._utils", "_rebuild_tensor_v2"); }
bool is_parameter(const PickleGlobal& global) { return is(global, "torch._utils", "_rebuild_parameter"); }

/// The numbers of a tuple, none of which is negative.
std::vector<std::int64_t> sizes_of(const Pickle& pickle, PickleRef tuple, const char* what) {
  const auto* items = pickle.get<PickleTuple>(tuple);
  if (!items) fault(std::string(what) + " of a tensor must be a tuple");
  std::vector<std::int64_t> sizes;
  for (PickleRef item : items->items) {
    const auto* size = pickle.get<std::int64_t>(item);
    if (!size || *size < 0) fault(std::string(what) + " of a tensor must be numbers from 0 on");
    sizes.push_back(*size);
  }
  return sizes;
}

/// Throws unless the last element of the view lies in the storage, in checked arithmetic.
void check_inside(const PickleTensor& view, const PickleStorage& storage) {
  bool wraps = false;
  std::int64_t last = view.offset;
  for (std::size_t i = 0; i < view.sizes.size(); ++i) {
    if (view.sizes[i] == 0) return;
    std::int64_t step = 0;
    wraps |= __builtin_mul_overflow(view.sizes[i] - 1, view.strides[i], &step);
    wraps |= __builtin_add_overflow(last, step, &last);
  }
  if (wraps || last >= storage.size)
    fault("a tensor has elements outside its storage '" + shown(storage.key) + "' of " +
          std::to_string(storage.size) + " elements, where all must lie inside");
}

/// (storage, offset, sizes, strides, requires_grad, hooks) and what later versions add.
PickleTensor tensor_of(const Pickle& pickle, const std::vector<PickleRef>& arguments) {
  if (arguments.size() < 4) fault("a tensor must have a storage, an offset, sizes and strides");
  const auto* storage = pickle.get<PickleStorage>(arguments[0]);
  const auto* offset = pickle.get<std::int64_t>(arguments[1]);
  if (!storage) fault("a tensor must have a storage");
  if (!offset || *offset < 0) fault("a tensor must have an offset from 0 on");
  PickleTensor view{arguments[0], *offset, sizes_of(pickle, arguments[2], "the sizes"),
                    sizes_of(pickle, arguments[3], "the strides")};
  if (view.sizes.size() != view.strides.size()) fault("a tensor must have as many strides as sizes");
  if (view.sizes.size() > static_cast<std::size_t>(Shape::max_rank))
    fault("a tensor must have " + std::to_string(Shape::max_rank) + " axes at most, and there are " +
          std::to_string(view.sizes.size()));
  check_inside(view, *storage);
  return view;
}

/// Without arguments, or of a list of pairs, as Python 2 wrote it.
PickleDict ordered_dict_of(const Pickle& pickle, const std::vector<PickleRef>& arguments) {
  PickleDict dict;
  if (arguments.empty()) return dict;
  const auto* pairs = pickle.get<PickleList>(arguments[0]);
  if (arguments.size() > 1 || !pairs) fault("an OrderedDict must be empty or made of a list of pairs");
  for (PickleRef item : pairs->items) {
    const auto* list = pickle.get<PickleList>(item);
    const auto* tuple = pickle.get<PickleTuple>(item);
    const std::vector<PickleRef>* pair = list ? &list->items : tuple ? &tuple->items : nullptr;
    if (!pair || pair->size() != 2) fault("an OrderedDict must be empty or made of a list of pairs");
    dict.items.emplace_back((*pair)[0], (*pair)[1]);
  }
  return dict;
}

}  // namespace

std::optional<ElementCode> storage_code(const PickleGlobal& global) {
  if (global.module != "torch") return {};
  const auto* found = std::ranges::find(storage_classes, global.name, &StorageClass::name);
  if (found == std::end(storage_classes)) return {};
  return found->code;
}

bool is_known(const PickleGlobal& global) {
  return is_ordered_dict(global) || is_tensor(global) || is_parameter(global) || storage_code(global);
}

std::string name_of(const PickleGlobal& global) { return shown(global.module) + "." + shown(global.name); }

PickleValue called(const Pickle& pickle, const PickleGlobal& function, const PickleTuple& arguments) {
  if (is_ordered_dict(function)) return ordered_dict_of(pickle, arguments.items);
  if (is_tensor(function)) return tensor_of(pickle, arguments.items);
  if (!is_parameter(function)) fault(name_of(function) + " is called, and must not be");
  const auto* tensor = arguments.items.empty() ? nullptr : pickle.get<PickleTensor>(arguments.items[0]);
  if (!tensor) fault("a parameter must be made of a tensor");
  return *tensor;
}

PickleStorage stored(const Pickle& pickle, PickleRef id) {
  const auto* tuple = pickle.get<PickleTuple>(id);
  if (!tuple || tuple->items.size() != 5) fault("a storage must be named by a tuple of five");
  const auto* word = pickle.get<std::string_view>(tuple->items[0]);
  const auto* type = pickle.get<PickleGlobal>(tuple->items[1]);
  const auto* key = pickle.get<std::string_view>(tuple->items[2]);
  const auto* size = pickle.get<std::int64_t>(tuple->items[4]);
  if (!word || *word != "storage" || !type || !key || !size || *size < 0)
    fault("a storage must be named by ('storage', class, key, device, size)");
  const auto code = storage_code(*type);
  if (!code)
    fault(name_of(*type) + " is no known class of storages; one such as torch.FloatStorage is needed");
  return {*key, *code, *size};
}

}  // namespace xgrad::files
