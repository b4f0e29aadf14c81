#include "ops/linalg/einsum_equation.hpp"

#include <algorithm>

#include "tensor/errors.hpp"

namespace xgrad::detail {
namespace {

/// The text of an equation, for its errors.
struct Text {
  std::string equation;
  std::span<const Tensor> operands;

  [[noreturn]] void refuse(const std::string& what) const {
    std::string all;
    for (std::size_t k = 0; k < operands.size(); ++k)
      all += (k ? ", operand " : "; operand ") + std::to_string(k) + " is " + operands[k].describe();
    fail("einsum", what + ": the equation is \"" + equation + "\"" + all);
  }
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// A term with its ellipsis, if it has one, as the single character '.'.
std::string read_term(const Text& text, std::string_view term) {
  std::string letters;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (term.substr(i, 3) == "...") {
      if (letters.find('.') != std::string::npos) text.refuse("a term has two ellipses; write one");
      letters += '.';
      i += 2;
    } else if (is_letter(term[i])) {
      letters += term[i];
    } else {
      text.refuse(std::string("'") + term[i] +
                  "' is no letter; axes are a to z and A to Z, an ellipsis is three dots, the arrow is ->");
    }
  }
  return letters;
}

/// `term` with the ellipsis replaced by the numbers of `count` axes.
std::string expand_ellipsis(std::string term, std::size_t count) {
  const std::size_t at = term.find('.');
  if (at == std::string::npos) return term;
  std::string axes;
  for (std::size_t i = count; i > 0; --i) axes += static_cast<char>(i);
  return term.replace(at, 1, axes);
}

/// The letters of operand k's axes.
std::string letters_of(const Text& text, const std::string& term, std::size_t k) {
  const bool ellipsis = term.find('.') != std::string::npos;
  const std::size_t named = term.size() - ellipsis,
                    rank = static_cast<std::size_t>(text.operands[k].dim("einsum"));
  if (named > rank || (named < rank && !ellipsis))
    text.refuse("term " + std::to_string(k) + " names " + std::to_string(named) +
                (named == 1 ? " axis" : " axes") + " of an operand with " + std::to_string(rank) +
                (named < rank ? "; name all, or write ... for the others" : "; name no more"));
  return expand_ellipsis(term, rank - named);
}

std::vector<std::string_view> split_terms(std::string_view text) {
  std::vector<std::string_view> terms;
  for (std::size_t from = 0;;) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    terms.push_back(text.substr(from, comma - from));
    if (comma == text.size()) return terms;
    from = comma + 1;
  }
}

std::string name_of_letter(char c) {
  return is_letter(c) ? std::string("letter ") + c : "axis " + std::to_string(-c) + " of the ellipsis";
}

/// The letters of the axes of an ellipsis, and those that occur once, in order.
std::string implicit_output(const std::vector<std::string>& inputs) {
  std::string all, output;
  for (const std::string& letters : inputs) all += letters;
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const char c = all[i];
    if (!is_letter(c) && output.find(c) == std::string::npos) output.insert(output.begin(), c);
    if (is_letter(c) && std::count(all.begin(), all.end(), c) == 1) output += c;
  }
  return output;
}

}  // namespace

Shape EinsumEquation::shape(const std::string& letters) const {
  Shape shape;
  for (char c : letters) shape.push_back(size(c));
  return shape;
}

EinsumEquation::EinsumEquation(std::string_view equation, std::span<const Tensor> operands) {
  const Text text{std::string(equation), operands};
  std::fill(std::begin(sizes_), std::end(sizes_), -1);
  std::string bare;
  std::copy_if(equation.begin(), equation.end(), std::back_inserter(bare), [](char c) { return c != ' '; });
  const std::size_t arrow = bare.find("->");
  const std::vector<std::string_view> terms = split_terms(std::string_view(bare).substr(0, arrow));
  if (terms.size() != operands.size() || operands.empty())
    text.refuse(std::to_string(terms.size()) + (terms.size() == 1 ? " term for " : " terms for ") +
                std::to_string(operands.size()) + (operands.size() == 1 ? " operand" : " operands") +
                "; write a term for each, between commas");

  for (std::size_t k = 0; k < terms.size(); ++k) {
    inputs.push_back(letters_of(text, read_term(text, terms[k]), k));
    for (std::size_t i = 0; i < inputs[k].size(); ++i) {
      const char c = inputs[k][i];
      const std::int64_t here = operands[k].shape()[static_cast<int>(i)];
      const std::size_t before = inputs[k].find(c);
      std::int64_t& size = sizes_[static_cast<unsigned char>(c)];
      const bool differs = size >= 0 && size != here && size != 1 && here != 1;
      if (differs || (before < i && operands[k].shape()[static_cast<int>(before)] != here))
        text.refuse(name_of_letter(c) + " has sizes " + std::to_string(size) + " and " +
                    std::to_string(here) + "; they must agree");
      if (size < 0 || size == 1) size = here;
    }
  }
  if (arrow == std::string::npos) {
    output = implicit_output(inputs);
    return;
  }
  std::size_t widest = 0;
  while (widest < Shape::max_rank && sizes_[widest + 1] >= 0) ++widest;
  output = expand_ellipsis(read_term(text, std::string_view(bare).substr(arrow + 2)), widest);
  for (char c : output) {
    if (size(c) < 0) text.refuse(name_of_letter(c) + " of the result is in no operand; name it in a term");
    if (std::count(output.begin(), output.end(), c) > 1)
      text.refuse(name_of_letter(c) +
                  " is twice in the result; give it another letter, or multiply by eye(n)");
  }
}

}  // namespace xgrad::detail
