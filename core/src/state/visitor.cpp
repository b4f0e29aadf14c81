#include "xgrad/core/state/visitor.hpp"

#include <string_view>
#include <unordered_set>

#include "xgrad/core/error.hpp"
#include "xgrad/core/random.hpp"

namespace xgrad {

void Generator::visit(Visitor& v) { v("generator", *this); }

const void* Visitor::Slot::address() const {
  struct {
    const void* operator()(const void* p) const { return p; }
    const void* operator()(const StateValue&) const { return nullptr; }
  } address;
  return std::visit(address, place);
}

void Visitor::add(std::string_view name, Kind kind, Place place, const Tensor* like) {
  slots_.push_back({path_ + std::string(name), kind, std::move(place), like});
}

void Visitor::enter_part(Stateful& part) {
  const std::size_t outer = base_, end = path_.size();
  parts_.push_back({end > outer ? path_.substr(outer, end - 1 - outer) : "", depth_, &part});
  base_ = end, ++depth_;
  part.visit(*this);
  base_ = outer, --depth_;
  objects_.push_back(&part);
}

void Visitor::keep_parameters_and_buffers() {
  std::erase_if(slots_, [](const Slot& s) { return s.kind != Kind::parameter && s.kind != Kind::buffer; });
  checks_.clear();
  loaded_.clear();
}

void Visitor::check_names() const {
  std::unordered_set<std::string_view> seen;
  for (const Slot& slot : slots_)
    if (!seen.insert(slot.path).second)
      throw Error("visit: a name occurs twice: '" + slot.path + "'; give each member a name of its own");
}

}  // namespace xgrad
