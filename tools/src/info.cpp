#include <iostream>

#include "commands.hpp"
#include "json.hpp"
#include "statistics.hpp"
#include "stored.hpp"
#include "text.hpp"

namespace xgrad::tools {
namespace {

std::uint64_t bytes_of(const Tensor& x) {
  return static_cast<std::uint64_t>(x.numel()) * static_cast<std::uint64_t>(size_of(x.dtype()));
}

struct Sum {
  std::uint64_t elements = 0, bytes = 0;

  explicit Sum(const Stored& stored) {
    for (const auto& [name, tensor] : stored.tensors)
      elements += static_cast<std::uint64_t>(tensor.numel()), bytes += bytes_of(tensor);
  }
};

Table table_of(const Stored& stored, bool with_statistics) {
  std::vector<std::string> head{"name", "dtype", "shape", "bytes"};
  if (with_statistics) head.insert(head.end(), {"min", "mean", "max", "std", "nan", "inf"});
  Table table(std::move(head), 3);
  for (const auto& [name, tensor] : stored.tensors) {
    std::vector<std::string> row{printable(name), name_of(tensor.dtype()), tensor.shape().str(),
                                 std::to_string(bytes_of(tensor))};
    if (with_statistics) {
      const Statistics s = statistics_of(tensor);
      for (const double v : {s.min, s.mean, s.max, s.std}) row.push_back(s.finite ? short_number(v) : "-");
      row.push_back(std::to_string(s.nans)), row.push_back(std::to_string(s.infinities));
    }
    table.add(std::move(row));
  }
  return table;
}

Table values_of(const Stored& stored) {
  Table table({"value", ""}, 2);
  for (const auto& [name, value] : stored.values) table.add({printable(name), printable(text_of(value))});
  return table;
}

Table metadata_of(const Stored& stored) {
  Table table({"metadata", ""}, 2);
  for (const auto& [name, text] : stored.metadata) table.add({printable(name), printable(text)});
  return table;
}

void print(const InfoOptions& options, const Stored& stored) {
  const Sum sum(stored);
  std::cout << printable(options.path) << ": " << stored.format << ", " << stored.tensors.size()
            << (stored.tensors.size() == 1 ? " tensor" : " tensors") << " of " << sum.elements
            << " elements, " << size_text(sum.bytes) << '\n';
  for (const Table& table : {table_of(stored, options.statistics), values_of(stored), metadata_of(stored)}) {
    if (table.empty()) continue;
    std::cout << '\n';
    table.print(std::cout);
  }
}

Json json_of_statistics(const Tensor& x) {
  const Statistics s = statistics_of(x);
  Json json;
  const auto put = [&](const char* name, double v) { json[name] = s.finite ? json_of(v) : Json(); };
  put("min", s.min), put("mean", s.mean), put("max", s.max), put("std", s.std);
  json["nan"] = s.nans, json["inf"] = s.infinities;
  return json;
}

Json report_of(const InfoOptions& options, const Stored& stored) {
  const Sum sum(stored);
  Json tensors = Json::array(), values = Json::object(), metadata = Json::object();
  for (const auto& [name, tensor] : stored.tensors) {
    Json row{{"name", name}};
    row.update(json_of(tensor));
    row["bytes"] = bytes_of(tensor);
    if (options.statistics) row.update(json_of_statistics(tensor));
    tensors.push_back(std::move(row));
  }
  for (const auto& [name, value] : stored.values) values[name] = json_of(value);
  for (const auto& [name, text] : stored.metadata) metadata[name] = text;
  return {{"file", options.path},           {"format", stored.format},
          {"elements", sum.elements},       {"bytes", sum.bytes},
          {"tensors", std::move(tensors)},  {"values", std::move(values)},
          {"metadata", std::move(metadata)}};
}

}  // namespace

int info(const InfoOptions& options) {
  const Stored stored = read_stored(options.path);
  if (options.json)
    print_json(report_of(options, stored));
  else
    print(options, stored);
  return all_well;
}

}  // namespace xgrad::tools
