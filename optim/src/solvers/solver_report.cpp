#include "xgrad/optim/solver_report.hpp"

#include <ostream>

#include "options_check.hpp"

namespace xgrad::optim {

namespace {

struct Words {
  const char *name, *reason;
};

Words words_of(Stop stop) {
  switch (stop) {
    case Stop::gtol:
      return {"gtol", "the gradient is small enough"};
    case Stop::ftol:
      return {"ftol", "the value falls by too little to go on"};
    case Stop::xtol:
      return {"xtol", "x changes by too little to go on"};
    case Stop::tol:
      return {"tol", "the residual is small enough"};
    case Stop::reached:
      return {"reached", "the last time is reached"};
    case Stop::event:
      return {"event", "an event ended the solution"};
    case Stop::max_iter:
      return {"max_iter", "there were as many steps as allowed"};
    case Stop::max_eval:
      return {"max_eval", "there were as many values as allowed"};
    case Stop::no_progress:
      return {"no_progress", "no step makes the value smaller"};
    case Stop::singular:
      return {"singular", "the Jacobian has no inverse"};
    case Stop::not_finite:
      return {"not_finite", "the function gives nan or inf wherever it is tried"};
    case Stop::unbounded:
      return {"unbounded", "the value falls without end along a line; set bounds, or look at the sign"};
  }
  return {"", ""};
}

void add_count(std::string& text, std::int64_t count, const char* what) {
  if (count > 0) text += ", " + std::to_string(count) + ' ' + what;
}

}  // namespace

const char* name_of(Stop stop) { return words_of(stop).name; }

std::string SolverReport::str() const {
  const Words words = words_of(stop);
  std::string text = solver + (success() ? ": converged, " : ": not converged, ") + words.name + ": " +
                     words.reason + "; value " + detail::number(value);
  if (gradient != 0) text += ", largest gradient " + detail::number(gradient);
  add_count(text, nit, "steps");
  add_count(text, nfev, "values");
  add_count(text, njev, "derivatives");
  add_count(text, nhev, "products with the Hessian");
  return text;
}

std::ostream& operator<<(std::ostream& out, const SolverReport& report) { return out << report.str(); }

}  // namespace xgrad::optim
