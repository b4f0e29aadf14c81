#include "gradcheck/position.hpp"

#include <algorithm>

#include "gradcheck/text.hpp"

namespace xgrad::checking {
namespace {

constexpr std::size_t most_listed = 3;

class Positions {
 public:
  Positions(const Shape& shape, std::vector<Compared> entries) : shape_(shape), all_(std::move(entries)) {
    std::sort(all_.begin(), all_.end(), [](auto a, auto b) { return a.index < b.index; });
    for (const Compared& e : all_)
      if (e.wrong) wrong_.push_back(e.index);
  }

  std::string text() const {
    if (wrong_.empty() || wrong_.size() == all_.size()) return {};
    using Guess = std::string (Positions::*)() const;
    for (const Guess g :
         {&Positions::single, &Positions::slice, &Positions::run, &Positions::every, &Positions::list})
      if (const std::string where = (this->*g)(); !where.empty())
        return where + " alone, of " + std::to_string(all_.size()) + " compared";
    return {};
  }

 private:
  std::string place(std::int64_t index) const { return index_in(shape_, index); }

  /// Whether those that `p` holds for are the wrong ones.
  template <class P>
  bool are_wrong(P p) const {
    return std::all_of(all_.begin(), all_.end(), [&](const Compared& e) { return p(e.index) == e.wrong; });
  }

  std::string single() const { return wrong_.size() == 1 ? "at " + place(wrong_[0]) : std::string(); }

  /// One index of an axis.
  std::string slice() const {
    std::int64_t stride = shape_.numel();
    for (int axis = 0; axis < shape_.rank(); ++axis) {
      stride /= shape_[axis];
      const auto along = [&](std::int64_t index) { return index / stride % shape_[axis]; };
      const std::int64_t here = along(wrong_[0]);
      if (are_wrong([&](std::int64_t index) { return along(index) == here; }))
        return "at index " + std::to_string(here) + " of axis " + std::to_string(axis);
    }
    return {};
  }

  std::string run() const {
    const std::int64_t first = wrong_.front(), last = wrong_.back();
    if (!are_wrong([&](std::int64_t index) { return index >= first && index <= last; })) return {};
    const std::string count = std::to_string(last - first + 1);
    if (first == 0) return "in the first " + count;
    if (last == shape_.numel() - 1) return "in the last " + count;
    return "from " + place(first) + " to " + place(last);
  }

  /// Equal distances.
  std::string every() const {
    const std::int64_t first = wrong_[0], step = wrong_[1] - first;
    if (wrong_.size() < 3 ||
        !are_wrong([&](std::int64_t index) { return index >= first && (index - first) % step == 0; }))
      return {};
    return "at every " + std::to_string(step) +
           (step == 2   ? "nd"
            : step == 3 ? "rd"
                        : "th") +
           " from " + place(first) + " on";
  }

  std::string list() const {
    if (wrong_.size() > most_listed) return {};
    std::string text;
    for (std::size_t i = 0; i < wrong_.size(); ++i)
      text += (i == 0 ? "at " : i + 1 == wrong_.size() ? " and " : ", ") + place(wrong_[i]);
    return text;
  }

  const Shape& shape_;
  std::vector<Compared> all_;
  std::vector<std::int64_t> wrong_;  // indices, in order
};

}  // namespace

std::string position_of(const Shape& shape, std::vector<Compared> entries) {
  return Positions(shape, std::move(entries)).text();
}

}  // namespace xgrad::checking
