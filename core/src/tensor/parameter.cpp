#include "xgrad/core/parameter.hpp"

#include "tensor/node.hpp"

namespace xgrad::detail {

void rebind(const Tensor& t, const Tensor& from) noexcept {
  Node *n = t.node(), *f = from.node();
  Buffer* old = n->buffer;
  f->buffer->version = std::max(f->buffer->version, old->version + 1);
  f->buffer->owners.up();
  n->buffer = f->buffer;
  n->data = f->data;
  n->dtype = f->dtype;
  if (old != &n->own) drop(old);  // elements behind the node are part of its block, and go with it
}

bool is_out_of_reach(const Tensor& t) {
  const Node* n = t.node();
  return n->handles.get() == 1 && n->links.get() == 1 && (!n->grad || n->buffer->owners.get() == 1);
}

}  // namespace xgrad::detail
