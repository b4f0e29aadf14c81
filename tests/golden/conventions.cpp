#include "conventions.hpp"

#include <regex>

namespace golden {

using namespace xgrad;

namespace {

Tensor constant(const std::vector<double>& values) { return tensor(values, {.dtype = float64}); }
Tensor labels(const std::vector<std::int64_t>& values) { return tensor(values); }

/// The arguments that the file leaves out, worked out from its numbers.
const Registry& titles() {
  static const Registry all = {
      {"div0", [](const Arguments& a) { return div(a.input(0), a.input(1)); }},
      {"clamp bounds", [](const Arguments& a) { return clamp(a.input(0), 0, 1); }},
      {"threshold",
       [](const Arguments& a) {
         const Tensor& x = a.input(0);
         return where(x > 0, x, 9);
       }},
      {"where masked inf",
       [](const Arguments& a) {
         const Tensor& x = a.input(0);
         return where(x > 0, log(x), 0);
       }},
      {"x*mask 0*inf",
       [](const Arguments& a) {
         const Tensor& x = a.input(0);
         return where(x < 100, exp(x), x + 1);
       }},
      {"cumprod 0", [](const Arguments& a) { return cumprod(a.input(0), 0); }},
      {"smooth_l1 edge",
       [](const Arguments& a) {
         return smooth_l1_loss(a.input(0), a.input(1), {.reduction = Reduction::none});
       }},
      {"huber edge",
       [](const Arguments& a) { return huber_loss(a.input(0), a.input(1), {.reduction = Reduction::none}); }},
      {"bce p=0/1",
       [](const Arguments& a) {
         return binary_cross_entropy(a.input(0), constant({1, 0, 0, 1}), {.reduction = Reduction::none});
       }},
      {"bcel ext",
       [](const Arguments& a) {
         return binary_cross_entropy_with_logits(a.input(0), constant({1, 0}),
                                                 {.reduction = Reduction::none});
       }},
      {"kl t=0",
       [](const Arguments& a) {
         return kl_div(a.input(0), constant({0, 1}), {.reduction = Reduction::sum});
       }},
      {"ce all ignored",
       [](const Arguments& a) {
         return cross_entropy(a.input(0), labels({-100, -100}));
       }},
      {"ce ext", [](const Arguments& a) { return cross_entropy(a.input(0), labels({1})); }},
      {"hinge 0",
       [](const Arguments& a) {
         return hinge_embedding_loss(a.input(0), constant({-1}), {.reduction = Reduction::none});
       }},
      {"sort ties",
       [](const Arguments& a) {
         return sort(a.input(0)).values * constant({1, 2, 3});
       }},
      {"topk ties", [](const Arguments& a) { return topk(a.input(0), 2).values; }},
      {"gather dup",
       [](const Arguments& a) {
         return gather(a.input(0), 0, labels({0, 0, 1}));
       }},
      {"max_pool ties",
       [](const Arguments& a) {
         return squeeze(max_pool2d(reshape(a.input(0), {1, 1, 1, 4}), {1, 2}), 2);
       }},
      {"max empty", [](const Arguments& a) { return max(a.input(0)); }}};
  return all;
}

}  // namespace

Named find_convention(const std::string& title) {
  Named found;
  if (const auto place = titles().find(title); place != titles().end()) {
    found.call = &place->second;
    found.op = title;
    return found;
  }

  const std::string head = title.substr(0, title.find(' '));
  static const std::regex power(R"(pow\(x,([-.\d]+)\))"), base(R"(([.\d]+)\*\*y)"),
      reduction(R"((\w+)\((all|dim)\))"), norm_order(R"(norm([.\d]+|inf))"), call(R"(([\w.]+)(\(.*\))?)");
  std::smatch part;
  if (std::regex_match(head, part, power)) {
    found = find_op("pow_scalar");
    found.implied["exponent"] = part[1].str();
  } else if (std::regex_match(head, part, base)) {
    found = find_op("rpow_scalar");
    found.implied["base"] = part[1].str();
  } else if (std::regex_match(head, part, reduction)) {
    found = find_op(part[1].str() + (part[2] == "dim" ? "_dim" : ""));
    if (part[2] == "dim") found.implied["dim"] = 0;
  } else if (std::regex_match(head, part, norm_order)) {
    found = find_op("norm");
    found.implied["p"] = part[1].str();
  } else if (std::regex_match(head, part, call)) {
    found = find_op(part[1].str());
  }
  if (title.find("unb=F") != std::string::npos) found.implied["unbiased"] = false;
  return found;
}

}  // namespace golden
