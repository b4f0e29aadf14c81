#include "registry.hpp"

#include <algorithm>

namespace golden {

namespace {

const Registry& registry() {
  static const Registry all = [] {
    Registry r;
    for (const auto add : {add_elementwise, add_activations, add_reductions, add_shapes, add_indexing,
                           add_linear_algebra, add_networks, add_losses})
      add(r);
    return r;
  }();
  return all;
}

/// Other names of ops: from NumPy, JAX and older PyTorch, and short ones.
const std::map<std::string, std::string>& aliases() {
  static const std::map<std::string, std::string> all = {
      {"absolute", "abs"},
      {"negative", "neg"},
      {"arcsin", "asin"},
      {"arccos", "acos"},
      {"arctan", "atan"},
      {"arcsinh", "asinh"},
      {"arccosh", "acosh"},
      {"arctanh", "atanh"},
      {"arctan2", "atan2"},
      {"multiply", "mul"},
      {"divide", "div"},
      {"true_divide", "div"},
      {"subtract", "sub"},
      {"power", "pow"},
      {"pow_tensor", "pow"},
      {"pow_scalar", "pow"},
      {"rpow_scalar", "rpow"},
      {"swish", "silu"},
      {"log_sigmoid", "logsigmoid"},
      {"clip", "clamp"},
      {"std", "stddev"},
      {"mod", "remainder"},
      {"not_equal", "ne"},
      {"equal", "eq"},
      {"less", "lt"},
      {"greater", "gt"},
      {"less_equal", "le"},
      {"greater_equal", "ge"},
      {"concat", "cat"},
      {"concatenate", "cat"},
      {"swapaxes", "transpose"},
      {"t", "transpose"},
      {"moveaxis", "movedim"},
      {"take_along_axis", "take_along_dim"},
      {"getitem", "index"},
      {"inv", "inverse"},
      {"trunc_divide", "div"},
      {"sdpa", "scaled_dot_product_attention"},
      {"attention", "scaled_dot_product_attention"},
      {"cos_sim", "cosine_similarity"},
      {"bce_logits", "bce_with_logits"},
      {"bcel", "bce_with_logits"},
      {"binary_cross_entropy", "bce"},
      {"binary_cross_entropy_with_logits", "bce_with_logits"},
      {"ce", "cross_entropy"},
      {"softmax_cross_entropy", "cross_entropy"},
      {"kl", "kl_div"},
      {"hinge", "hinge_embedding"},
      {"triplet", "triplet_margin"},
      {"vector_norm", "norm"},
      {"max_pool", "max_pool1d"},
      {"round_half_even", "round"},
      {"cosine", "cosine_similarity"},
      {"svd_s", "svdvals"},
      {"svd_vals", "svdvals"},
      {"eigh_vals", "eigvalsh"},
      {"eigh_w", "eigvalsh"},
      {"slogdet_logabsdet", "slogdet_log"},
      {"special_xlogy", "xlogy"},
      {"log_sum_exp", "logsumexp"},
      {"conv_transpose", "conv_transpose2d"}};
  return all;
}

/// What the end of a name says.
const std::map<std::string, Json>& endings() {
  static const std::map<std::string, Json> all = {
      {"tanh", {{"approximate", "tanh"}}}, {"batchmean", {{"reduction", "batchmean"}}},
      {"mean", {{"reduction", "mean"}}},   {"sum", {{"reduction", "sum"}}},
      {"none", {{"reduction", "none"}}},   {"logt", {{"log_target", true}}},
      {"log", {{"log_target", true}}},     {"causal", {{"is_causal", true}}},
      {"upper", {{"upper", true}}},        {"lower", {{"upper", false}}},
      {"desc", {{"descending", true}}},    {"swap", {{"swap", true}}}};
  return all;
}

std::string without(const std::string& text, const std::string& prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

bool is_digits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The op of exactly this name, or of another name for it.
const Call* find_exactly(const std::string& name, std::string& op) {
  for (const std::string& candidate :
       {name, name.ends_with("_loss") ? name.substr(0, name.size() - 5) : name}) {
    const auto alias = aliases().find(candidate);
    const auto place = registry().find(alias == aliases().end() ? candidate : alias->second);
    if (place == registry().end()) continue;
    op = place->first;
    return &place->second;
  }
  return nullptr;
}

}  // namespace

Named find_op(const std::string& name) {
  std::string rest = name;
  for (const char* prefix :
       {"torch.", "nn.", "functional.", "F.", "linalg.", "special.", "linalg_", "reduce_"})
    rest = without(rest, prefix);

  Named found;
  while (!rest.empty()) {
    if ((found.call = find_exactly(rest, found.op)) != nullptr) return found;
    std::size_t digits = rest.size();
    while (digits > 0 && is_digits(rest.substr(digits - 1, 1))) --digits;
    if (digits < rest.size() && digits > 0 &&
        (found.call = find_exactly(rest.substr(0, digits), found.op)) != nullptr) {
      const int number = std::stoi(rest.substr(digits));
      found.implied[found.op == "norm" ? "p" : "dim"] = number;
      return found;
    }
    if (rest == "norminf") {
      found.implied["p"] = "inf";
      found.call = find_exactly("norm", found.op);
      return found;
    }
    const std::size_t cut = rest.rfind('_');
    if (cut == std::string::npos) break;
    if (const auto ending = endings().find(rest.substr(cut + 1)); ending != endings().end())
      found.implied.update(ending->second);
    rest.resize(cut);
  }
  return found;
}

}  // namespace golden
