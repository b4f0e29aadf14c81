#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xgrad::detail {

/// What a picture or a table of a graph is made from: calls of ops on numbered values.
struct Drawing {
  static constexpr std::size_t nobody = SIZE_MAX;

  struct Value {
    std::string type;         ///< "f32[2, 3]"
    std::string source = "";  ///< "leaf", "constant", "input 0"; empty for what a call made
    bool is_output = false;   ///< of a program
  };
  struct Input {
    std::size_t value;
    bool kept = false;  ///< for backward, by the rules of the call
  };
  struct Call {
    std::string op, attributes = "";
    std::vector<Input> inputs = {};
    std::vector<std::size_t> outputs = {};  ///< nobody for one that is not in the graph
    std::int64_t bytes = 0;                 ///< as its table counts them
  };
  /// The last lines of its table.
  struct Total {
    std::string name;
    std::int64_t count = 0, bytes = 0;
  };

  /// In Graphviz's language, the last call first.
  std::string dot() const;
  /// A line for each kind of call, the first ones first: op, outputs, attributes, how many, and the bytes.
  std::string table(const std::string& bytes, const std::vector<Total>& totals) const;

  std::vector<Value> values = {};
  std::vector<Call> calls = {};

 private:
  std::string types_of(const Call& call) const;
};

}  // namespace xgrad::detail
