#pragma once

#include <string>
#include <vector>

#include "xgrad/core/state/state_dict.hpp"

namespace xgrad {

struct LoadOptions {
  bool strict = true;  ///< off: what only one side has is passed over, and returned
};

/// The names that only one side has, of a load that is not strict.
struct LoadedKeys {
  std::vector<std::string> missing_keys;     ///< the target has them; they stay as they are
  std::vector<std::string> unexpected_keys;  ///< the state has them
};

namespace detail {
LoadedKeys load(const Visitor& target, const StateDict& state, LoadOptions options);
/// Copies the values of `from` into those of the same names; `op` is named by errors.
void copy_values(const char* op, const Visitor& from, const Visitor& to);
}  // namespace detail

/// Gives everything that x names in its `visit` the value of that name in a state, in place: parameters and
/// buffers stay the same tensors, so optimizers, ties and other handles follow. Floating values are converted
/// to the dtype that is there, integers are taken for a real number.
///
/// Throws Error, which lists all that is missing, unexpected or of another shape or type, and changes nothing
/// at all then; nor does it when an allocation fails, or when x refuses the values (a learning rate below 0).
/// Tensors of x that are one tensor must have one value. A graph that saved the old values is not walked with
/// the new ones: backward throws Error.
///
/// With {.strict = false} a name that only one side has is no error: the lists of them are returned, and what
/// is missing stays as it is.
template <Visitable T>
LoadedKeys load_state_dict(T& x, const StateDict& state, LoadOptions options = {}) {
  return detail::load(Visitor::of(x), state, options);
}

/// Copies all of the state of one object into another one of the same structure, in place and converted to
/// its dtypes. Throws Error as load_state_dict does, and where a parameter meets a buffer; nothing has
/// changed then.
template <Visitable From, Visitable To>
void copy(const From& from, To& to) {
  detail::copy_values("copy", Visitor::of(from), Visitor::of(to));
}

}  // namespace xgrad
