#include "xgrad/core/gradcheck.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "gradcheck/cause.hpp"
#include "gradcheck/float32.hpp"
#include "gradcheck/text.hpp"
#include "tensor/errors.hpp"
#include "xgrad/core/backward.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {
namespace {

using namespace checking;

std::vector<std::string> names_for(const std::vector<Tensor>& leaves, const std::vector<std::size_t>& places,
                                   const std::vector<std::string>& given) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < leaves.size(); ++i)
    names.push_back(places[i] < given.size() ? given[places[i]] : "input " + std::to_string(places[i]));
  return names;
}

void count(GradcheckResult& r, const Entries& entries) {
  for (const GradcheckEntry& e : entries) {
    r.right += e.verdict == Verdict::right;
    r.wrong += e.verdict == Verdict::wrong;
    r.inconclusive += e.verdict == Verdict::inconclusive;
    r.kinks += e.verdict == Verdict::kink;
    r.blind += e.blind;
  }
}

/// The op that made the first output, and others behind it: "mul of tanh, add".
std::string ops_behind(const std::vector<Tensor>& outputs) {
  constexpr std::size_t most_names = 6;
  std::vector<std::string> names;
  for (const detail::Node* n : recorded_nodes(outputs, 1000))
    if (std::find(names.begin(), names.end(), n->op->name) == names.end()) names.emplace_back(n->op->name);
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most_names; ++i)
    text += (i == 0 ? "" : i == 1 ? " of " : ", ") + names[i];
  return names.size() > most_names ? text + ", ..." : text;
}

/// Wrong ones first, then inconclusive ones and kinks, each by relative distance.
std::vector<GradcheckEntry> worst_of(Entries entries) {
  constexpr std::size_t shown = 5;
  const auto rank = [](const GradcheckEntry& e) {
    switch (e.verdict) {
      case Verdict::wrong:
        return 3;
      case Verdict::inconclusive:
        return 2;
      case Verdict::kink:
        return 1;
      case Verdict::right:
        return 0;
    }
    return 0;
  };
  const auto distance = [](const GradcheckEntry& e) {
    const double d = std::abs(e.analytic - e.numeric) / std::max(std::abs(e.analytic), std::abs(e.numeric));
    return std::isnan(d) ? (e.analytic == e.numeric ? 0 : INFINITY) : d;
  };
  std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
    return rank(a) != rank(b) ? rank(a) > rank(b) : distance(a) > distance(b);
  });
  if (entries.size() > shown) entries.resize(shown);
  return entries;
}

/// The cotangent: random, and 0 where the output is not finite.
Values cotangent_for(const Values& y, Generator& random, std::string& note) {
  Values v = signed_numbers(y.size(), random);
  std::size_t left_out = 0;
  for (std::size_t k = 0; k < y.size(); ++k)
    if (!std::isfinite(y[k])) v[k] = 0, ++left_out;
  if (left_out > 0)
    note += "outputs that are not finite get a cotangent of 0: " + std::to_string(left_out) + " of " +
            std::to_string(y.size()) + "\n";
  return v;
}

GradcheckResult check(Problem problem, const GradcheckOptions& options, int order, bool detachable);

/// The gradient of a problem as a problem of its own, in its leaves and its cotangents.
GradcheckResult check_gradient_of(const Setting& s, const GradcheckOptions& options, int order) {
  Problem& problem = s.problem;
  std::vector<Tensor> cotangents = problem.cotangents(s.v, problem.outputs());
  std::vector<Tensor> leaves = problem.leaves();
  std::vector<std::string> names;
  for (int i = 0; i < problem.leaf_count(); ++i) names.push_back(problem.name(i));
  const bool finite = std::all_of(s.v.begin(), s.v.end(), [](double v) { return v != 0; });
  for (Tensor& v : cotangents) {
    if (!finite) break;  // outputs that are not finite have a cotangent of 0, and no derivative by it
    v.requires_grad_();
    leaves.push_back(v);
    names.push_back("cotangent" + std::string(static_cast<std::size_t>(order - 2), '\'') + " " +
                    std::to_string(names.size() - problem.leaves().size()));
  }
  const auto gradient = [&problem, cotangents] {
    const EnableGrad guard;
    std::vector<Tensor> roots, seeds;
    const std::vector<Tensor> y = problem.outputs();
    for (std::size_t k = 0; k < y.size(); ++k)
      if (y[k].requires_grad()) roots.push_back(y[k]), seeds.push_back(cotangents[k]);
    std::vector<Tensor> g(problem.leaves().size());
    if (!roots.empty())
      g = grad(roots, problem.leaves(), seeds, {.create_graph = true, .allow_unused = true});
    for (std::size_t i = 0; i < g.size(); ++i)
      if (!g[i].defined()) g[i] = zeros_like(problem.leaves()[i]);
    return g;
  };
  return check(Problem(gradient, leaves, names), options, order, false);
}

GradcheckResult check(Problem problem, const GradcheckOptions& options, int order, bool detachable) {
  GradcheckResult r;
  r.order = order;
  for (int i = 0; i < problem.leaf_count(); ++i)
    r.inputs.push_back(problem.name(i) + ": " + problem.leaf(i).describe());
  r.op = ops_behind(problem.outputs());
  if (!check_function(problem, r.failures)) return r;
  if (order == 1) check_digits(problem, r.failures);

  Generator random(options.seed + static_cast<std::uint64_t>(order) - 1);
  Setting s{problem, options, random, cotangent_for(problem.value(), random, r.note), {}};
  s.noise = rounding_noise(problem, random, [&](std::span<const Move> moves, double step) {
    return problem.value_at(moves, step);
  });
  if (!check_first_gradient(s, r.failures)) return r;
  check_recorded_gradient(s, r.failures, r.note);
  check_linearity(s, r.failures);
  check_subsets(s, detachable, r.failures);

  const Entries entries = check_value(s, r.note);
  count(r, entries);
  r.worst = worst_of(entries);
  if (r.wrong > 0) {
    r.failures.insert(r.failures.begin(), {GradProperty::value, std::to_string(r.wrong) + " of " +
                                                                    std::to_string(entries.size()) +
                                                                    " compared slopes are wrong"});
    r.cause = guess_cause(s, entries, !r.failed(GradProperty::linearity));
  }
  const Taylor referee = taylor(s);
  r.taylor_slope = referee.slope;
  if (r.right + r.wrong + r.kinks == 0 && referee.refutes(options.rtol))
    r.failures.push_back({GradProperty::value,
                          "single entries tell nothing, but along a random direction the "
                          "Taylor remainder falls with slope 1"});
  if (order < options.order && r.failures.empty()) r.next.push_back(check_gradient_of(s, options, order + 1));
  return r;
}

std::string call_of(const char* name, const GradcheckOptions& o) {
  const GradcheckOptions usual;
  std::string fields;
  const auto add = [&](const char* field, const std::string& value) {
    fields += (fields.empty() ? "." : ", .") + std::string(field) + " = " + value;
  };
  if (o.rtol != usual.rtol) add("rtol", number(o.rtol));
  if (o.order != usual.order) add("order", std::to_string(o.order));
  add("seed", std::to_string(o.seed));
  if (o.max_entries != usual.max_entries) add("max_entries", std::to_string(o.max_entries));
  if (o.directions != usual.directions) add("directions", std::to_string(o.directions));
  if (o.float32_rules) add("float32_rules", "true");
  return std::string(name) + "{" + fields + "})";
}

void check_options(const GradcheckOptions& o) {
  if (!(o.rtol > 0 && o.rtol < 1))
    detail::fail("gradcheck", "rtol must lie between 0 and 1: it is " + number(o.rtol));
  if (o.order < 1) detail::fail("gradcheck", "order must be 1 or more: it is " + std::to_string(o.order));
  if (o.directions < 1)
    detail::fail("gradcheck", "directions must be 1 or more: it is " + std::to_string(o.directions));
}

/// The places of the inputs to differentiate with respect to.
std::vector<std::size_t> places_of(const std::vector<Tensor>& inputs) {
  std::vector<std::size_t> wanted, floating;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !is_floating(inputs[i].dtype())) continue;
    floating.push_back(i);
    if (inputs[i].requires_grad()) wanted.push_back(i);
  }
  if (floating.empty())
    detail::fail("gradcheck", "there is nothing to differentiate: none of the " +
                                  std::to_string(inputs.size()) + " inputs is floating; pass one of float64");
  return wanted.empty() ? floating : wanted;
}

}  // namespace

GradcheckResult detail::gradcheck(TensorsFunction f, const std::vector<Tensor>& inputs,
                                  const GradcheckOptions& options) {
  check_options(options);
  const Callable call{f, inputs, places_of(inputs)};
  const std::vector<Tensor> x = call.converted(float64);
  std::vector<Tensor> leaves;
  bool any32 = options.float32_rules;
  for (std::size_t place : call.leaves) {
    leaves.push_back(x[place]);
    any32 = any32 || inputs[place].dtype() == float32;
  }
  const std::vector<std::string> names = names_for(leaves, call.leaves, options.names);
  GradcheckResult r = check(Problem([&] { return f(x); }, leaves, names), options, 1, true);
  if (any32 && !r.failed(GradProperty::repeatability)) {
    Generator random(options.seed);
    check_float32(call, names, random, r.failures, r.note);
  }
  r.reproduce = call_of("gradcheck(f, inputs, ", options);
  return r;
}

GradcheckResult detail::gradcheck_parameters(TensorsFunction f, const std::vector<Tensor>& parameters,
                                             const GradcheckOptions& options) {
  check_options(options);
  std::vector<Tensor> leaves;
  std::vector<std::size_t> places;
  std::set<const Node*> seen;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& p = parameters[i];
    if (p.dtype() != float64 || !p.is_leaf() || !p.requires_grad())
      fail("gradcheck", "a parameter must be a float64 leaf that requires a gradient: parameter " +
                            std::to_string(i) + " is " + p.describe() +
                            "; convert the model with to(float64), or call requires_grad_()");
    if (!seen.insert(p.node()).second) continue;
    leaves.push_back(p);
    places.push_back(i);
  }
  if (leaves.empty())
    fail("gradcheck",
         "there is nothing to differentiate: the list of parameters is empty; name them in the module's "
         "visit");
  const std::vector<std::string> names = names_for(leaves, places, options.names);
  GradcheckResult r = check(Problem([&] { return f({}); }, leaves, names), options, 1, true);
  r.reproduce = call_of("gradcheck_parameters(f, parameters, ", options);
  return r;
}

}  // namespace xgrad
