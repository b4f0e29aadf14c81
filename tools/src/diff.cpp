#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string_view>

#include "commands.hpp"
#include "compare.hpp"
#include "json.hpp"
#include "stored.hpp"
#include "text.hpp"

namespace xgrad::tools {
namespace {

/// What two files have under one name; null where one has nothing there.
template <class T>
struct Pair {
  std::string name;
  const T* a = nullptr;
  const T* b = nullptr;
};

struct TensorPair : Pair<Tensor> {
  bool same_shape = false, same_dtype = false;
  Distance distance = {};

  bool differ() const { return !same_shape || !same_dtype || distance.count > 0; }
};

/// In the order of a, then what only b has.
template <class Result, class Items, class Name, class Value>
std::vector<Result> pairs_of(const Items& a, const Items& b, Name name, Value value) {
  std::vector<Result> pairs;
  std::map<std::string_view, std::size_t> places;
  for (const auto& item : a) {
    places.emplace(name(item), pairs.size());
    Result& pair = pairs.emplace_back();
    pair.name = name(item), pair.a = &value(item);
  }
  for (const auto& item : b) {
    const auto found = places.find(name(item));
    Result& pair = found != places.end() ? pairs[found->second] : pairs.emplace_back();
    pair.name = name(item), pair.b = &value(item);
  }
  return pairs;
}

bool alike(const StateValue& a, const StateValue& b, double tolerance) {
  const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  if (!x || !y) return a.index() == b.index() && text_of(a) == text_of(b);
  return (std::isnan(*x) && std::isnan(*y)) || *x == *y ||
         std::abs(*x - *y) <= tolerance * std::max({1.0, std::abs(*x), std::abs(*y)});
}

/// Where two files differ, and nothing else.
struct Differences {
  std::vector<TensorPair> tensors;
  std::vector<Pair<StateValue>> values;
  std::vector<Pair<std::string>> metadata;
  std::size_t compared = 0;  ///< tensors in all

  bool any() const { return !tensors.empty() || !values.empty() || !metadata.empty(); }
};

Differences differences(const Stored& a, const Stored& b, const DiffOptions& options) {
  Differences d;
  const auto first = [](const auto& item) -> const std::string& { return item.name; };
  auto tensors = pairs_of<TensorPair>(a.tensors, b.tensors, first,
                                      [](const NamedTensor& t) -> const Tensor& { return t.tensor; });
  d.compared = tensors.size();
  for (TensorPair& pair : tensors) {
    pair.same_shape = pair.a && pair.b && pair.a->shape() == pair.b->shape();
    pair.same_dtype = pair.a && pair.b && (options.values_only || pair.a->dtype() == pair.b->dtype());
    if (pair.same_shape) pair.distance = distance(*pair.a, *pair.b, options.tolerance);
  }
  std::erase_if(tensors, [](const TensorPair& pair) { return !pair.differ(); });
  d.tensors = std::move(tensors);
  if (options.tensors_only) return d;
  d.values = pairs_of<Pair<StateValue>>(
      a.values, b.values, first, [](const StateDict::Entry& e) -> const StateValue& { return e.value; });
  std::erase_if(d.values, [&](const auto& pair) {
    return pair.a && pair.b && alike(*pair.a, *pair.b, options.tolerance);
  });
  d.metadata = pairs_of<Pair<std::string>>(
      a.metadata, b.metadata, [](const auto& item) -> const std::string& { return item.first; },
      [](const auto& item) -> const std::string& { return item.second; });
  std::erase_if(d.metadata, [](const auto& pair) { return pair.a && pair.b && *pair.a == *pair.b; });
  return d;
}

std::string described(const Tensor* x) { return x ? x->describe() : "missing"; }

void print_tensors(const Differences& d) {
  Table table({"tensor", "A", "B", "absolute", "relative", "at", "differ"}, 3);
  for (const TensorPair& pair : d.tensors) {
    std::vector<std::string> row{printable(pair.name), described(pair.a), described(pair.b)};
    if (pair.same_shape && pair.distance.absolute > 0)
      row.insert(row.end(), {short_number(pair.distance.absolute), short_number(pair.distance.relative),
                             Shape(index_of(pair.a->shape(), pair.distance.place)).str(),
                             std::to_string(pair.distance.count)});
    else
      row.insert(row.end(), {"-", "-", "-", "-"});
    table.add(std::move(row));
  }
  if (!table.empty()) table.print(std::cout);
}

void print(const Differences& d) {
  print_tensors(d);
  Table values({"value", "A", "B"}, 3);
  const auto text = [](const auto* v) { return v ? printable(text_of(*v)) : "missing"; };
  for (const auto& [name, a, b] : d.values) values.add({printable(name), text(a), text(b)});
  for (const auto& [name, a, b] : d.metadata)
    values.add({printable(name) + " (metadata)", a ? printable("'" + *a + "'") : "missing",
                b ? printable("'" + *b + "'") : "missing"});
  if (!values.empty()) values.print(std::cout);
  std::cout << d.tensors.size() << " of " << d.compared << " tensors differ\n";
}

Json row_of(const TensorPair& pair) {
  Json row{{"name", pair.name},
           {"a", pair.a ? json_of(*pair.a) : Json()},
           {"b", pair.b ? json_of(*pair.b) : Json()}};
  if (!pair.same_shape) return row;
  row["absolute"] = json_of(pair.distance.absolute);
  row["relative"] = json_of(pair.distance.relative);
  row["at"] = pair.distance.absolute > 0 ? Json(index_of(pair.a->shape(), pair.distance.place)) : Json();
  row["differ"] = pair.distance.count;
  return row;
}

Json report_of(const DiffOptions& options, const Differences& d) {
  Json tensors = Json::array(), values = Json::array(), metadata = Json::array();
  for (const TensorPair& pair : d.tensors) tensors.push_back(row_of(pair));
  const auto value = [](const auto* v) { return v ? json_of(*v) : Json(); };
  for (const auto& [name, a, b] : d.values)
    values.push_back({{"name", name}, {"a", value(a)}, {"b", value(b)}});
  const auto text = [](const std::string* v) { return v ? Json(*v) : Json(); };
  for (const auto& [name, a, b] : d.metadata)
    metadata.push_back({{"name", name}, {"a", text(a)}, {"b", text(b)}});
  return {{"a", options.a},
          {"b", options.b},
          {"tolerance", options.tolerance},
          {"differ", d.any()},
          {"tensors", std::move(tensors)},
          {"values", std::move(values)},
          {"metadata", std::move(metadata)}};
}

}  // namespace

int diff(const DiffOptions& options) {
  const Stored a = read_stored(options.a), b = read_stored(options.b);
  const Differences d = differences(a, b, options);
  if (options.json)
    print_json(report_of(options, d));
  else if (d.any())
    print(d);
  return d.any() ? differs : all_well;
}

}  // namespace xgrad::tools
