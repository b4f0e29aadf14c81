#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/nn/module.hpp"

// Parameters by the patterns of their names. In a pattern, `*` stands for any text, dots too, `?` for one
// character and `[ab]` for one of these, as in a shell.

namespace xgrad::nn {

/// One pattern or several: `"*.bias"`, `{"*.bias", "*norm*"}`.
class Patterns {
 public:
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Patterns(const char* pattern) : list_{pattern} {}
  Patterns(std::string pattern) : list_{std::move(pattern)} {}
  Patterns(std::initializer_list<const char*> patterns) : list_(patterns.begin(), patterns.end()) {}
  Patterns(std::vector<std::string> patterns) : list_(std::move(patterns)) {}
  // NOLINTEND(google-explicit-constructor)

  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::string> list_;
};

/// The parameters that require a gradient and whose name fits one of the patterns, each tensor once.
/// Throws Error for a pattern that fits no parameter at all: it is likely misspelt.
///
///     optim::AdamW adamw(nn::others(model, {"*.bias", "*norm*"}), {.weight_decay = 0.1});
///     adamw.add_group(nn::matching(model, {"*.bias", "*norm*"}), {.weight_decay = 0});
std::vector<NamedTensor> matching(const ModuleBase& model, const Patterns& patterns);
/// The parameters that require a gradient and that no pattern fits, each tensor once. Throws Error as
/// matching.
std::vector<NamedTensor> others(const ModuleBase& model, const Patterns& patterns);

/// Freezes the parameters that a pattern fits, or makes them learn again: their requires_grad is set.
/// Returns how many tensors these are. Throws Error as matching.
///
///     nn::freeze(model, "encoder.*");
std::size_t freeze(ModuleBase& model, const Patterns& patterns);
std::size_t unfreeze(ModuleBase& model, const Patterns& patterns);

/// How many numbers a model learns; with `all`, the frozen ones too. A tensor that several members share
/// counts once.
std::int64_t parameter_count(const ModuleBase& model, bool all = false);

}  // namespace xgrad::nn
