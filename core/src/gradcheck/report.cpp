#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "gradcheck/text.hpp"

namespace xgrad {
namespace {

using checking::number;

const char* name_of(Verdict v) {
  switch (v) {
    case Verdict::right:
      return "right";
    case Verdict::wrong:
      return "wrong";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::kink:
      return "kink";
  }
  return "";
}

/// Text with or without ANSI colours.
struct Paint {
  bool on;
  std::string red(const std::string& s) const { return on ? "\x1b[31m" + s + "\x1b[0m" : s; }
  std::string green(const std::string& s) const { return on ? "\x1b[32m" + s + "\x1b[0m" : s; }
  std::string dim(const std::string& s) const { return on ? "\x1b[2m" + s + "\x1b[0m" : s; }
};

std::string padded(std::string s, std::size_t width) {
  if (s.size() < width) s.insert(0, width - s.size(), ' ');
  return s;
}

/// A line "  label      text"; further lines of the text are indented alike.
std::string row(const Paint& paint, const std::string& label, std::string text) {
  const std::string indent(14, ' ');
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += indent.size())
    text.insert(++at, indent);
  std::string head = "  " + label;
  head.resize(indent.size(), ' ');
  return paint.dim(head) + text + "\n";
}

std::string table(const GradcheckResult& r) {
  std::size_t width = 5;
  for (const GradcheckEntry& e : r.worst) width = std::max(width, e.place.size());
  const auto line = [&](const std::string& a, const std::string& b, const std::string& c,
                        const std::string& d, const std::string& e) {
    return padded(a, width) + padded(b, 20) + padded(c, 20) + padded(d, 10) + "  " + e + "\n";
  };
  std::string t = line("entry", "analytic", "numeric", "error", "verdict");
  for (const GradcheckEntry& e : r.worst)
    t += line(e.place, number(e.analytic, 12), number(e.numeric, 12), number(e.error, 2),
              name_of(e.verdict) + (e.note.empty() ? "" : ": " + e.note));
  return t;
}

std::string slope_text(double slope) {
  if (slope == 0) return "rounding alone: f is linear there, and this is its gradient";
  const std::string meaning = slope > 1.5   ? ": as for the gradient"
                              : slope > 1.2 ? ": unclear"
                                            : ": not the gradient, or a kink";
  return "remainder falls with slope " + number(slope, 3) + meaning;
}

}  // namespace

const char* name_of(GradProperty p) {
  switch (p) {
    case GradProperty::value:
      return "value";
    case GradProperty::linearity:
      return "linearity in the cotangent";
    case GradProperty::zero_cotangent:
      return "zero cotangent";
    case GradProperty::mutation:
      return "mutation";
    case GradProperty::dtype:
      return "dtype";
    case GradProperty::shape:
      return "shape";
    case GradProperty::repeatability:
      return "repeatability";
    case GradProperty::subset_of_inputs:
      return "subset of inputs";
    case GradProperty::recording:
      return "recording";
    case GradProperty::float32_rules:
      return "float32";
    case GradProperty::no_error:
      return "no error";
  }
  return "";
}

bool GradcheckResult::ok() const {
  const bool saw_something = blind == 0 || blind < right + wrong + inconclusive + kinks || taylor_slope > 1.7;
  return failures.empty() && saw_something &&
         std::all_of(next.begin(), next.end(), [](const GradcheckResult& n) { return n.ok(); });
}

bool GradcheckResult::failed(GradProperty p) const {
  return std::any_of(failures.begin(), failures.end(), [p](const auto& f) { return f.property == p; }) ||
         std::any_of(next.begin(), next.end(), [p](const GradcheckResult& n) { return n.failed(p); });
}

std::string GradcheckResult::str(bool colour) const {
  const Paint paint{colour};
  const std::int64_t compared = right + wrong + inconclusive + kinks;
  const bool here = failures.empty() && (blind == 0 || blind < compared || taylor_slope > 1.7);
  std::string text = "gradcheck of " + (op.empty() ? "a function" : op) +
                     (order > 1 ? ", derivative " + std::to_string(order) : "") + ": " +
                     (here               ? paint.green("passed")
                      : failures.empty() ? paint.red("nothing could be seen for noise")
                                         : paint.red("FAILED")) +
                     "\n";
  std::string list;
  for (const std::string& input : inputs) list += input + "\n";
  text += row(paint, "inputs", list);
  for (const GradcheckFailure& f : failures)
    text += row(paint, "failed", paint.red(name_of(f.property)) + ": " + f.message);
  if (compared > 0) {
    text += row(paint, "slopes",
                std::to_string(right) + " right, " + std::to_string(wrong) + " wrong, " +
                    std::to_string(inconclusive) + " inconclusive, " + std::to_string(kinks) +
                    (kinks == 1 ? " kink" : " kinks"));
    text += row(paint, "worst", table(*this));
    text += row(paint, "Taylor", slope_text(taylor_slope));
  }
  if (!cause.empty()) text += row(paint, "guess", cause);
  if (!note.empty()) text += row(paint, "note", note);
  if (!reproduce.empty()) text += row(paint, "reproduce", reproduce);
  for (const GradcheckResult& n : next) text += n.str(colour);
  return text;
}

std::ostream& operator<<(std::ostream& out, const GradcheckResult& result) {
  const bool terminal =
      (&out == &std::cout && isatty(STDOUT_FILENO)) || (&out == &std::cerr && isatty(STDERR_FILENO));
  return out << result.str(terminal);
}

const GradcheckResult& require(const GradcheckResult& result) {
  if (!result.ok()) throw Error(result.str());
  return result;
}

}  // namespace xgrad
