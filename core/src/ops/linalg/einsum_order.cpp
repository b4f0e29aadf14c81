#include "ops/linalg/einsum_order.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace xgrad::detail {
namespace {

/// What it takes to read or write an element, in multiplications of a product.
constexpr double element_cost = 8;
constexpr std::size_t most_searched = 10;

using Mask = std::uint64_t;  // a set of letters, or of operands

/// The letters of an equation as bits.
class Letters {
 public:
  explicit Letters(const EinsumEquation& e) : e_(e) {}

  Mask of(const std::string& letters) {
    Mask mask = 0;
    for (char c : letters) {
      std::size_t k = all_.find(c);
      if (k == std::string::npos) {
        k = all_.size();
        all_ += c;
        sizes_.push_back(static_cast<double>(e_.size(c)));
      }
      mask |= Mask{1} << k;
    }
    return mask;
  }

  /// The product of their sizes.
  double extent(Mask letters) const {
    double n = 1;
    for (; letters; letters &= letters - 1) n *= sizes_[static_cast<std::size_t>(std::countr_zero(letters))];
    return n;
  }

  /// The cost of a product of two terms, of which these letters are left.
  double cost(Mask a, Mask b, Mask left) const {
    return extent(a | b) + element_cost * (extent(a) + extent(b) + extent(left));
  }

 private:
  const EinsumEquation& e_;
  std::string all_;
  std::vector<double> sizes_;
};

/// The best order of all operands, by that of their subsets.
class Search {
 public:
  Search(const std::vector<Mask>& operands, Mask output, const Letters& letters)
      : all_((Mask{1} << operands.size()) - 1), best_(all_ + 1) {
    for (Mask set = 1; set <= all_; ++set) {
      Mask inside = 0, outside = output;
      for (std::size_t k = 0; k < operands.size(); ++k) (set >> k & 1 ? inside : outside) |= operands[k];
      best_[set].letters = inside & outside;
    }
    for (Mask set = 1; set <= all_; ++set) {
      if (std::has_single_bit(set)) continue;
      Best& b = best_[set];
      b.cost = std::numeric_limits<double>::infinity();
      const Mask lowest = set & (~set + 1);
      for (Mask part = (set - 1) & set; part; part = (part - 1) & set) {
        if (!(part & lowest)) continue;  // the other half of a split that was seen
        const Best &p = best_[part], &q = best_[set ^ part];
        if (p.cost + q.cost >= b.cost) continue;
        const double cost = p.cost + q.cost + letters.cost(p.letters, q.letters, b.letters);
        if (cost < b.cost) b.cost = cost, b.part = part;
      }
      if (b.part == 0) b.part = lowest;  // all costs overflow
    }
  }

  std::vector<Contraction> order() const {
    std::vector<Contraction> steps;
    append(all_, steps);
    return steps;
  }

 private:
  struct Best {
    Mask letters = 0, part = 0;
    double cost = 0;
  };

  void append(Mask set, std::vector<Contraction>& steps) const {
    if (std::has_single_bit(set)) return;
    const Mask part = best_[set].part, rest = set ^ part;
    append(part, steps);
    append(rest, steps);
    steps.push_back({first_of(part), first_of(rest)});
  }
  static std::size_t first_of(Mask set) { return static_cast<std::size_t>(std::countr_zero(set)); }

  const Mask all_;
  std::vector<Best> best_;
};

/// The cheapest pair each time.
std::vector<Contraction> greedy(std::vector<Mask> terms, Mask output, const Letters& letters) {
  std::vector<Contraction> steps;
  std::vector<std::size_t> alive;
  for (std::size_t k = 0; k < terms.size(); ++k) alive.push_back(k);
  while (alive.size() > 1) {
    double least = std::numeric_limits<double>::infinity();
    Contraction best = {0, 1};
    Mask result = 0;
    for (std::size_t i = 0; i + 1 < alive.size(); ++i)
      for (std::size_t j = i + 1; j < alive.size(); ++j) {
        Mask needed = output;
        for (std::size_t k = 0; k < alive.size(); ++k)
          if (k != i && k != j) needed |= terms[alive[k]];
        const Mask a = terms[alive[i]], b = terms[alive[j]];
        const double cost = letters.cost(a, b, (a | b) & needed);
        if (cost < least || (i == 0 && j == 1)) least = cost, best = {i, j}, result = (a | b) & needed;
      }
    steps.push_back({alive[best[0]], alive[best[1]]});
    terms[alive[best[0]]] = result;
    alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(best[1]));
  }
  return steps;
}

}  // namespace

std::vector<Contraction> contraction_order(const std::vector<std::string>& operands,
                                           const EinsumEquation& e) {
  if (operands.size() == 2) return std::vector<Contraction>{Contraction{0, 1}};
  Letters letters(e);
  std::vector<Mask> terms;
  for (const std::string& of : operands) terms.push_back(letters.of(of));
  const Mask output = letters.of(e.output);
  return operands.size() <= most_searched ? Search(terms, output, letters).order()
                                          : greedy(terms, output, letters);
}

}  // namespace xgrad::detail
