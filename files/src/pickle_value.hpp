#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "npy_elements.hpp"

namespace xgrad::files {

/// An object of a pickle by its place among all of them.
using PickleRef = std::uint32_t;

struct PickleNone {};
/// A class or function by its name, which is only compared with those that are known, and never called.
struct PickleGlobal {
  std::string_view module, name;
};
struct PickleTuple {
  std::vector<PickleRef> items;
};
struct PickleList {
  std::vector<PickleRef> items;
};
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};
/// A run of elements in a member of the archive of its own.
struct PickleStorage {
  std::string_view key;
  ElementCode code;
  std::int64_t size = 0;
};
/// A view of a storage. Every element lies inside it.
struct PickleTensor {
  PickleRef storage = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes, strides;
};

using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string_view, PickleGlobal,
                                 PickleTuple, PickleList, PickleDict, PickleStorage, PickleTensor>;

/// What a pickle holds; texts lie in its bytes.
struct Pickle {
  std::vector<PickleValue> values;
  PickleRef root = 0;

  const PickleValue& operator[](PickleRef i) const { return values[i]; }
  template <class T>
  const T* get(PickleRef i) const {
    return std::get_if<T>(&values[i]);
  }
};

}  // namespace xgrad::files
