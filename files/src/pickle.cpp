#include "pickle.hpp"

#include <bit>
#include <map>

#include "npy_text.hpp"
#include "pickle_globals.hpp"

namespace xgrad::files {
namespace {

constexpr std::size_t most_values = std::size_t{1} << 23;
constexpr const char* remedy = "; save it again by torch.save(model.state_dict(), path)";

/// The machine that a pickle is a program for: a stack of objects, marks in it, and a memo.
class PickleMachine {
 public:
  explicit PickleMachine(std::string_view bytes) : bytes_(bytes) {}

  Pickle run() {
    try {
      while (step()) {
      }
    } catch (const PickleFault& f) {
      fault(f.what + " (byte " + std::to_string(begin_) + " of the pickle)" + remedy);
    }
    return std::move(pickle_);
  }

 private:
  using Items = std::vector<PickleRef>;

  /// One instruction; false at the last one.
  bool step() {
    begin_ = at_;
    const auto code = static_cast<unsigned char>(take(1)[0]);
    switch (code) {
      case '.':
        pickle_.root = pop();
        return false;
      case 0x80:
        protocol(number(1));
        return true;
      case '(':
        if (marks_.size() >= most_values) fault("there must be fewer than 2^23 objects");
        marks_.push_back(stack_.size());
        return true;
      case '0':
        pop();
        return true;
      case '1':
        static_cast<void>(pop_to_mark());
        return true;
      default:
        if (!atom(code) && !collection(code) && !memo(code) && !object(code))
          fault("the instruction " + std::to_string(code) + " is none that a state dict needs");
        return true;
    }
  }

  /// Numbers and texts.
  bool atom(unsigned char code) {
    switch (code) {
      case 'N':
        return push(PickleNone());
      case 0x88:
      case 0x89:
        return push(code == 0x88);
      case 'K':
        return push(static_cast<std::int64_t>(number(1)));
      case 'M':
        return push(static_cast<std::int64_t>(number(2)));
      case 'J':
        return push(std::int64_t{static_cast<std::int32_t>(number(4))});
      case 0x8a:
        return push(long_integer(number(1)));
      case 'G':
        return push(big_endian_real());
      case 'X':
        return push(text(number(4)));
      case 'T':
        return push(text(number(4)));
      case 'U':
        return push(text(number(1)));
      default:
        return false;
    }
  }

  bool collection(unsigned char code) {
    switch (code) {
      case ']':
        return push(PickleList());
      case '}':
        return push(PickleDict());
      case ')':
        return push(PickleTuple());
      case 't':
        return push(PickleTuple{pop_to_mark()});
      case 0x85:
      case 0x86:
      case 0x87:
        return push(PickleTuple{pop_last(code - 0x84u)});
      case 'a':
        return append(pop_last(1));
      case 'e':
        return append(pop_to_mark());
      case 's':
        return set_items(pop_last(2));
      case 'u':
        return set_items(pop_to_mark());
      default:
        return false;
    }
  }

  bool memo(unsigned char code) {
    switch (code) {
      case 'q':
        memo_[number(1)] = top();
        return true;
      case 'r':
        memo_[number(4)] = top();
        return true;
      case 'h':
        return recall(number(1));
      case 'j':
        return recall(number(4));
      default:
        return false;
    }
  }

  /// Classes, functions, calls of them, and storages.
  bool object(unsigned char code) {
    switch (code) {
      case 'c':
        return push(global());
      case 'R': {
        const Items call = pop_last(2);
        const auto* function = pickle_.get<PickleGlobal>(call[0]);
        const auto* arguments = pickle_.get<PickleTuple>(call[1]);
        if (!function || !arguments) fault("a call must be of a function with a tuple of arguments");
        return push(called(pickle_, *function, *arguments));
      }
      case 'Q':
        return push(stored(pickle_, pop()));
      case 'b':  // what else there is to an OrderedDict: PyTorch keeps versions of modules there
        pop();
        if (!pickle_.get<PickleDict>(top())) fault("only an OrderedDict may have attributes, if it must");
        return true;
      default:
        return false;
    }
  }

  void protocol(std::uint64_t version) {
    if (version > 3) fault("the protocol of the pickle is " + std::to_string(version) + ", and must be 2");
  }

  PickleGlobal global() {
    const std::string_view module = line();
    const PickleGlobal global{module, line()};
    if (!is_known(global))
      fault(name_of(global) +
            " is no name that a state dict needs, and nothing is made of it: keep tensors, numbers and texts "
            "only");
    return global;
  }

  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fault("a name must have an end");
    const std::string_view inside = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    if (!is_utf8(inside)) fault("a name must be UTF-8");
    return inside;
  }

  std::string_view take(std::uint64_t n) {
    if (n > bytes_.size() - at_) fault("the pickle ends too early, more bytes are expected");
    const std::string_view taken = bytes_.substr(at_, n);
    at_ += n;
    return taken;
  }

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t n = 0;
    const std::string_view digits = take(bytes);
    for (std::size_t i = digits.size(); i-- > 0;) n = n << 8 | static_cast<unsigned char>(digits[i]);
    return n;
  }

  /// In two's complement, of as many bytes as it takes.
  std::int64_t long_integer(std::uint64_t bytes) {
    if (bytes > 8) fault("an integer must lie between -2^63 and 2^63 - 1");
    if (bytes == 0) return 0;
    const std::uint64_t unused = 64 - 8 * bytes;
    return static_cast<std::int64_t>(number(bytes) << unused) >> unused;
  }

  double big_endian_real() {
    std::uint64_t bits = 0;
    for (char c : take(8)) bits = bits << 8 | static_cast<unsigned char>(c);
    return std::bit_cast<double>(bits);
  }

  std::string_view text(std::uint64_t bytes) {
    const std::string_view inside = take(bytes);
    if (!is_utf8(inside)) fault("a text must be UTF-8");
    return inside;
  }

  bool push(PickleValue value) {
    if (pickle_.values.size() >= most_values) fault("there must be fewer than 2^23 objects");
    pickle_.values.push_back(std::move(value));
    stack_.push_back(static_cast<PickleRef>(pickle_.values.size() - 1));
    return true;
  }

  /// Where the objects above the last mark begin.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleRef top() const {
    if (stack_.size() <= floor()) fault("the stack is empty where an object is expected");
    return stack_.back();
  }
  PickleRef pop() {
    const PickleRef last = top();
    stack_.pop_back();
    return last;
  }
  Items pop_last(std::size_t n) {
    if (stack_.size() - floor() < n) fault("the stack has too few objects, more are expected");
    const auto from = stack_.end() - static_cast<std::ptrdiff_t>(n);
    Items items(from, stack_.end());
    stack_.erase(from, stack_.end());
    return items;
  }
  Items pop_to_mark() {
    if (marks_.empty()) fault("there is no mark where one is expected");
    Items items = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  bool append(const Items& items) {
    auto* list = std::get_if<PickleList>(&pickle_.values[top()]);
    if (!list) fault("items must be appended to a list");
    list->items.insert(list->items.end(), items.begin(), items.end());
    return true;
  }
  bool set_items(const Items& items) {
    auto* dict = std::get_if<PickleDict>(&pickle_.values[top()]);
    if (!dict || items.size() % 2 != 0) fault("pairs must be put into a dict");
    for (std::size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(items[i], items[i + 1]);
    return true;
  }
  bool recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end())
      fault("place " + std::to_string(place) + " of the memo is empty where an object is expected");
    if (stack_.size() >= most_values) fault("there must be fewer than 2^23 objects");
    stack_.push_back(found->second);
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0, begin_ = 0;
  Pickle pickle_;
  std::vector<PickleRef> stack_;
  std::vector<std::size_t> marks_;
  std::map<std::uint64_t, PickleRef> memo_;
};

}  // namespace

Pickle read_pickle(std::string_view bytes) { return PickleMachine(bytes).run(); }

}  // namespace xgrad::files
