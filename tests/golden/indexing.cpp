#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names index_names = {"index", "indices", "idx"};
constexpr Names source_names = {"src", "source", "values"};

bool has_axis(const Arguments& a) { return a.has({"dim", "axis"}); }

/// The arrays behind the first input, one for each of the first axes; a mask is written with dtype bool, or
/// as the attribute mask.
std::vector<Index> arrays(const Arguments& a, std::size_t end) {
  std::vector<Index> items;
  for (std::size_t i = 1; i < end; ++i)
    items.emplace_back(a.input(i).dtype() == boolean ? a.input(i) : a.input(i).detach().to(int64));
  if (items.empty() && a.has({"mask"})) items.emplace_back(a.mask(end, {"mask"}));
  if (items.empty()) items.emplace_back(a.integers(end, index_names));
  return items;
}

void add_gathers(Registry& r) {
  r["gather"] = [](const Arguments& a) { return gather(a.input(0), a.axis(0), a.integers(1, index_names)); };
  r["index_select"] = [](const Arguments& a) {
    return index_select(a.input(0), a.axis(0), a.integers(1, index_names));
  };
  r["take_along_dim"] = [](const Arguments& a) {
    const Tensor places = a.integers(1, index_names);
    return has_axis(a) ? take_along_dim(a.input(0), places, a.axis(0)) : take_along_dim(a.input(0), places);
  };
  r["scatter"] = [](const Arguments& a) {
    const Tensor places = a.integers(1, index_names);
    if (a.has({"value"})) return scatter(a.input(0), a.axis(0), places, a.number({"value"}));
    return scatter(a.input(0), a.axis(0), places, a.required(2, source_names));
  };
  r["scatter_add"] = [](const Arguments& a) {
    return scatter_add(a.input(0), a.axis(0), a.integers(1, index_names), a.required(2, source_names));
  };
}

void add_arrays(Registry& r) {
  r["index"] = [](const Arguments& a) { return index(a.input(0), arrays(a, a.count())); };
  r["index_put"] = [](const Arguments& a) {
    const bool given = a.has(source_names);
    const std::size_t end = given ? a.count() : a.count() - 1;
    const Tensor values = a.required(given ? a.count() : end, source_names);
    return index_put(a.input(0), arrays(a, end), values, a.flag({"accumulate"}, false));
  };
  r["masked_fill"] = [](const Arguments& a) -> Tensor {
    const Tensor where = a.mask(1, {"mask"});
    if (a.count() > 2) return masked_fill(a.input(0), where, a.input(2));
    return masked_fill(a.input(0), where, a.number({"value"}));
  };
  r["masked_select"] = [](const Arguments& a) { return masked_select(a.input(0), a.mask(1, {"mask"})); };
  r["nonzero"] = [](const Arguments& a) { return nonzero(a.input(0)); };
}

void add_rows(Registry& r) {
  // torch.nn.functional.embedding has the indices first; files give what has a gradient first.
  r["embedding"] = [](const Arguments& a) {
    const bool weight_first = is_floating(a.input(0).dtype());
    const Tensor weight = weight_first ? a.input(0) : a.input(1);
    const Tensor rows = weight_first ? a.integers(1, index_names) : a.input(0);
    if (!a.has({"padding_idx"})) return embedding(rows, weight);
    return embedding(rows, weight, a.integer({"padding_idx"}));
  };
  r["one_hot"] = [](const Arguments& a) {
    return one_hot(a.integers(0, index_names), a.integer({"num_classes", "classes"}, -1));
  };
}

}  // namespace

void add_indexing(Registry& r) {
  add_gathers(r);
  add_arrays(r);
  add_rows(r);
}

}  // namespace golden
