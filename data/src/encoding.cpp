#include "xgrad/data/encoding.hpp"

#include "word_lists.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::data {

void Encoding::assign(WordLists categories, const Tensor& fill, WordList classes) {
  categories_ = std::move(categories);
  classes_ = std::move(classes);
  fill_ = fill;
  WordLists all = categories_;
  all.push_back(classes_);
  text_ = text_of(all);
}

void Encoding::visit(Visitor& v) {
  v("words", text_), v.lazy("fill", fill_);
  v.check([this] {
    const auto lists = lists_of(text_);
    const std::int64_t columns = lists ? static_cast<std::int64_t>(lists->size()) - 1 : -1;
    const bool none = text_.empty() && !fill_.defined();
    const bool fits =
        columns >= 0 && fill_.defined() && fill_.dtype() == float64 && fill_.shape() == Shape{columns};
    if (!none && !fits)
      throw Error(
          "Encoding: lists of words and a number for each column must be loaded; save it again: the words "
          "are a text of " +
          std::to_string(text_.size()) + " characters and the numbers are " +
          (fill_.defined() ? fill_.describe() : "undefined"));
  });
  v.loaded([this] {
    auto lists = lists_of(text_).value_or(WordLists());
    classes_ = lists.empty() ? WordList() : lists.back();
    if (!lists.empty()) lists.pop_back();
    categories_ = std::move(lists);
  });
}

}  // namespace xgrad::data
