#include "state/prepared_load.hpp"

#include <cstring>
#include <unordered_set>

#include "autodiff/listen.hpp"
#include "state/values.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/parameter.hpp"

namespace xgrad::detail {

void PreparedLoad::write(const Tensor& target, const Tensor& values, DType dtype) {
  const bool rebinds = target.dtype() != dtype;
  Tensor converted = values.detach().to(dtype);
  if (rebinds && values.dtype() == dtype) converted = converted.clone();
  writes_.push_back({target, std::move(converted), rebinds});
}

/// Where targets give each other their values, the first write would change what the second one reads.
void PreparedLoad::copy_what_is_overwritten() {
  std::unordered_set<const Buffer*> written;
  for (const Write& w : writes_) written.insert(w.target.node()->buffer);
  for (Write& w : writes_)
    if (written.contains(w.values.node()->buffer) && w.values.node()->data != w.target.node()->data)
      w.values = w.values.clone();
}

void PreparedLoad::perform(const Write& w) noexcept {
  const Node *to = w.target.node(), *from = w.values.node();
  if (w.rebinds) return rebind(w.target, w.values);
  if (to->data == from->data || to->numel == 0) return;
  ++to->buffer->version;
  std::memcpy(to->data, from->data, byte_count(w.target));
}

namespace {

/// Swaps a value with what is in a place of its type, which takes integers of other widths.
struct Swap {
  StateValue& value;

  void operator()(std::size_t* p) const { integer(p); }
  void operator()(int* p) const { integer(p); }
  void operator()(Generator*) const {}         // by move()
  void operator()(const StateValue&) const {}  // fixed
  template <class T>
  void operator()(T* p) const {
    std::swap(*p, *std::get_if<T>(&value));
  }

  template <class T>
  void integer(T* p) const {
    auto* v = std::get_if<std::int64_t>(&value);
    *v = static_cast<std::int64_t>(std::exchange(*p, static_cast<T>(*v)));
  }
};

}  // namespace

/// The same once more brings back what was there.
void PreparedLoad::exchange(Assignment& a) noexcept { std::visit(Swap{a.value}, *a.place); }

void PreparedLoad::commit(const Visitor& members) {
  copy_what_is_overwritten();
  if (is_heard())
    for (const Write& w : writes_) tell_write("a load", w.target);
  for (Assignment& a : assignments_) exchange(a);
  try {
    for (const auto& holds : members.checks()) holds();
  } catch (...) {
    for (Assignment& a : assignments_) exchange(a);
    throw;
  }
  for (const Write& w : writes_) perform(w);
  for (auto& [target, place] : generators_) target.set_state(place);
  for (const auto& follow : members.after_load()) follow();
}

}  // namespace xgrad::detail
