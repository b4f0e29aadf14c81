#include <algorithm>
#include <numeric>

#include "run.hpp"

namespace golden {

using namespace xgrad;

namespace {

using Values = std::vector<Json>;

Values range(std::int64_t first, std::int64_t last) {
  Values all;
  for (std::int64_t i = first; i <= last; ++i) all.emplace_back(i);
  return all;
}

/// Every object of one value for each name.
struct Choice {
  std::string name;
  Values values;
};
std::vector<Json> products(const std::vector<Choice>& choices) {
  std::vector<Json> all = {Json::object()};
  for (const Choice& choice : choices) {
    std::vector<Json> next;
    for (const Json& start : all)
      for (const Json& value : choice.values) {
        next.push_back(start);
        next.back()[choice.name] = value;
      }
    all = std::move(next);
  }
  return all;
}

Values subsets(int rank) {
  Values all;
  for (int bits = 1; bits < (1 << rank); ++bits) {
    Json axes = Json::array();
    for (int i = 0; i < rank; ++i)
      if ((bits >> i & 1) != 0) axes.push_back(i);
    all.push_back(axes);
  }
  return all;
}

Values permutations(int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  Values all;
  do all.emplace_back(order);
  while (std::next_permutation(order.begin(), order.end()));
  return all;
}

Json list(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }

/// How many times each axis of x is repeated to make y, and the sizes that y has over x.
Json ratios(const Shape& x, const Shape& y) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < y.rank(); ++i) {
    const int place = i - (y.rank() - x.rank());
    const std::int64_t size = place < 0 ? 1 : x[place];
    all.push_back(size > 0 ? y[i] / size : 1);
  }
  return all;
}

std::vector<Json> pads(const Shape& x, const Shape& y, const Tensor& output) {
  std::vector<Json> all = {Json::array()};
  int axes = 0;
  for (int i = 0; i < x.rank() && y.rank() == x.rank(); ++i)
    if (x[i] != y[i]) axes = std::max(axes, x.rank() - i);
  for (int k = 0; k < axes; ++k) {
    const int axis = x.rank() - 1 - k;
    std::vector<Json> next;
    for (const Json& start : all)
      for (std::int64_t before = -x[axis]; before <= y[axis]; ++before) {
        next.push_back(start);
        next.back().push_back(before);
        next.back().push_back(y[axis] - x[axis] - before);
      }
    all = std::move(next);
  }
  Values corner = {0.0};
  if (output.numel() > 0)
    corner = {0.0, output.to_vector<double>().front(), output.to_vector<double>().back()};
  return products(
      {{"pad", all}, {"mode", {"constant", "reflect", "replicate", "circular"}}, {"value", corner}});
}

/// Numbers that the output shows where the mask is true.
Values filled(const Case& c) {
  const auto mask = c.inputs[1].to_vector<double>();
  const auto y = c.outputs[0].value.to_vector<double>();
  for (std::size_t i = 0; i < y.size() && i < mask.size(); ++i)
    if (mask[i] != 0) return {y[i]};
  return {0.0};
}

Values sizes_along(const Case& c, int rank) {
  Values all;
  for (int axis = 0; axis < rank; ++axis) {
    Json sizes = Json::array();
    for (const Expected& y : c.outputs)
      if (y.value.dim() == rank) sizes.push_back(y.value.size(axis));
    all.push_back(sizes);
  }
  return all;
}

const std::vector<std::string>& that_take_an_axis() {
  static const std::vector<std::string> all = {
      "cat",        "unbind",    "softmax",   "log_softmax",      "cumsum",         "cumprod",
      "cummax",     "cummin",    "gather",    "index_select",     "take_along_dim", "scatter_add",
      "scatter",    "sort",      "unsqueeze", "squeeze",          "max_dim",        "min_dim",
      "median_dim", "logsumexp", "normalize", "cosine_similarity"};
  return all;
}

std::vector<Json> by_shape(const Case& c, const std::string& op) {
  const Tensor& x = c.inputs[0];
  const Tensor& y = c.outputs[0].value;
  const int rank = x.dim();
  const std::int64_t longest = x.shape().empty() ? 1 : *std::max_element(x.shape().begin(), x.shape().end());
  const Values axes = range(0, std::max(0, rank - 1));
  const Values diagonals = range(-longest, longest);

  if (op == "reshape" || op == "view" || op == "expand" || op == "broadcast_to")
    return products({{"shape", {list(y.shape())}}});
  if (op == "repeat" || op == "tile")
    return products({{"repeats", {ratios(x.shape(), y.shape())}}, {"dims", {ratios(x.shape(), y.shape())}}});
  if (op == "flatten") return products({{"start", axes}, {"end", axes}});
  if (op == "transpose") return products({{"dim0", axes}, {"dim1", axes}});
  if (op == "permute") return products({{"dims", permutations(rank)}});
  if (op == "movedim") return products({{"source", axes}, {"destination", axes}});
  if (op == "flip") return products({{"dims", subsets(rank)}});
  if (op == "stack") return products({{"dim", range(0, rank)}});
  if (op == "chunk") return products({{"chunks", range(1, longest)}, {"dim", axes}});
  if (op == "split") return products({{"sizes", sizes_along(c, rank)}, {"dim", axes}});
  if (op == "select") return products({{"dim", axes}, {"index", range(0, longest - 1)}});
  if (op == "narrow")
    return products({{"dim", axes}, {"start", range(0, longest)}, {"length", range(0, longest)}});
  if (op == "slice")
    return products({{"dim", axes},
                     {"start", range(-longest, longest)},
                     {"step", range(-3, 3)},
                     {"stop", range(-longest - 1, longest + 1)}});
  if (op == "diag" || op == "tril" || op == "triu") return products({{"diagonal", diagonals}});
  if (op == "diagonal" || op == "diag_embed")
    return products(
        {{"offset", diagonals}, {"dim1", range(-rank, rank - 1)}, {"dim2", range(-rank, rank - 1)}});
  if (op == "pad") return pads(x.shape(), y.shape(), y);
  if (op == "masked_fill" && c.inputs.size() == 2) return products({{"value", filled(c)}});
  if (op == "topk") return products({{"k", range(0, longest)}, {"dim", axes}, {"largest", {true, false}}});
  if (op == "unfold")
    return products({{"kernel_size", range(1, 3)}, {"padding", range(0, 2)}, {"stride", range(1, 3)}});
  if (op == "adaptive_avg_pool2d" && y.dim() >= 2)
    return products({{"output_size", {Json{y.size(-2), y.size(-1)}}}});
  if (op == "interpolate" && y.dim() == 4)
    return products({{"size", {Json{y.size(2), y.size(3)}}},
                     {"mode", {"nearest", "bilinear"}},
                     {"align_corners", {false, true}}});
  if (op == "roll") {
    std::vector<Json> all = products({{"shifts", range(-longest, longest)}, {"dims", axes}});
    for (const Json& guess : products({{"shifts", range(-x.numel(), x.numel())}})) all.push_back(guess);
    for (const Json& guess :
         products({{"shifts", {Json{1, 1}, Json{1, 2}, Json{1, -1}, Json{-1, 1}, Json{2, 1}}},
                   {"dims", subsets(rank)}}))
      all.push_back(guess);
    return all;
  }
  if (std::find(that_take_an_axis().begin(), that_take_an_axis().end(), op) != that_take_an_axis().end())
    return products({{"dim", range(0, rank)}});
  return {};
}

}  // namespace

std::vector<Json> guesses(const Case& c, const std::string& op) {
  if (c.inputs.empty() || c.outputs.empty() || !c.outputs[0].value.defined()) return {};
  std::vector<Json> all = by_shape(c, op);
  for (const char* how : {"log_softmax", "log_softmax(-1)", "softmax", "sigmoid", "a@a.T+I", "a@a.T", "a+a.T",
                          "(a+a.T)/2", "a+I", "a+2I", "a+3I", "tril", "triu"})
    if (c.inputs[0].dim() > 0 && !c.attributes.contains("pre")) all.push_back({{"pre", how}});
  return all;
}

}  // namespace golden
