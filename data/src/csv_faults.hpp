#pragma once

#include <string>
#include <vector>

#include "csv_rows.hpp"

namespace xgrad::data {

/// What is wrong in a table, up to ten of it.
class Faults {
 public:
  explicit Faults(const CsvRows& rows) : rows_(rows) {}

  /// Remembers one; throws Error about all when they are too many to list.
  void add(const std::string& what, const std::string& place);
  /// Throws Error where there is one.
  void check() const;

 private:
  [[noreturn]] void list(const std::string& count) const;

  struct Fault {
    std::string what, place;
  };
  const CsvRows& rows_;
  std::vector<Fault> faults_;
};

}  // namespace xgrad::data
