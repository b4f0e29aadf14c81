#include <cmath>

#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names axis_names = {"dim", "axis", "dims", "axes"};

bool keepdim(const Arguments& a) { return a.flag({"keepdim", "keepdims"}, false); }

int correction(const Arguments& a) {
  if (a.has({"unbiased"})) return a.flag({"unbiased"}, true) ? 1 : 0;
  return static_cast<int>(a.integer({"correction", "ddof"}, 1));
}

void add_sums(Registry& r) {
  using All = Tensor (*)(const Tensor&);
  using Some = Tensor (*)(const Tensor&, const Axes&, bool);
  struct Pair {
    All all;
    Some some;
  };
  const std::pair<const char*, Pair> functions[] = {
      {"sum", {sum, sum}}, {"mean", {mean, mean}}, {"prod", {prod, prod}}};
  for (const auto& [name, f] : functions)
    r[name] = [f = f](const Arguments& a) {
      return a.has(axis_names) ? f.some(a.input(0), a.axes(), keepdim(a)) : f.all(a.input(0));
    };

  const std::pair<const char*, Some> others[] = {
      {"amax", amax},          {"amin", amin}, {"any", any}, {"all", all}, {"count_nonzero", count_nonzero},
      {"logsumexp", logsumexp}};
  for (const auto& [name, f] : others)
    r[name] = [f = f](const Arguments& a) { return f(a.input(0), a.axes(), keepdim(a)); };
}

void add_extrema(Registry& r) {
  using All = Tensor (*)(const Tensor&);
  using Along = ValuesAndIndices (*)(const Tensor&, int, bool);
  struct Pair {
    All all;
    Along along;
  };
  const std::pair<const char*, Pair> functions[] = {
      {"max", {max, max}}, {"min", {min, min}}, {"median", {median, median}}};
  for (const auto& [name, f] : functions) {
    r[name] = [f = f](const Arguments& a) -> Outputs {
      if (a.has(axis_names)) return f.along(a.input(0), a.axis(0), keepdim(a));
      return f.all(a.input(0));
    };
    r[std::string(name) + "_dim"] = [f = f](const Arguments& a) {
      return f.along(a.input(0), a.axis(0), keepdim(a));
    };
  }

  r["argmax"] = [](const Arguments& a) {
    return a.has(axis_names) ? argmax(a.input(0), a.axis(0), keepdim(a)) : argmax(a.input(0));
  };
  r["argmin"] = [](const Arguments& a) {
    return a.has(axis_names) ? argmin(a.input(0), a.axis(0), keepdim(a)) : argmin(a.input(0));
  };
  r["cummax"] = [](const Arguments& a) { return cummax(a.input(0), a.axis(0)); };
  r["cummin"] = [](const Arguments& a) { return cummin(a.input(0), a.axis(0)); };
  r["cumsum"] = [](const Arguments& a) { return cumsum(a.input(0), a.axis(0)); };
  r["cumprod"] = [](const Arguments& a) { return cumprod(a.input(0), a.axis(0)); };
}

void add_statistics(Registry& r) {
  r["var"] = [](const Arguments& a) { return var(a.input(0), a.axes(), correction(a), keepdim(a)); };
  r["stddev"] = [](const Arguments& a) { return stddev(a.input(0), a.axes(), correction(a), keepdim(a)); };
  r["norm"] = [](const Arguments& a) {
    static constexpr Names order = {"p", "ord"};
    if (a.text(order, "") == "fro") return norm(a.input(0), 2, a.axes(), keepdim(a));
    return norm(a.input(0), a.number(order, 2), a.axes(), keepdim(a));
  };
  r["dist"] = [](const Arguments& a) { return norm(a.input(0) - a.input(1), a.number({"p"}, 2)); };
}

void add_order(Registry& r) {
  static constexpr Names names = {"descending"};
  r["sort"] = [](const Arguments& a) { return sort(a.input(0), a.axis(-1), a.flag(names, false)); };
  r["argsort"] = [](const Arguments& a) { return argsort(a.input(0), a.axis(-1), a.flag(names, false)); };
  r["topk"] = [](const Arguments& a) {
    return topk(a.input(0), a.integer({"k"}), a.axis(-1), a.flag({"largest"}, true));
  };
}

}  // namespace

void add_reductions(Registry& r) {
  add_sums(r);
  add_extrema(r);
  add_statistics(r);
  add_order(r);
}

}  // namespace golden
