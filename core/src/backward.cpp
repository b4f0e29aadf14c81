#include "xgrad/core/backward.hpp"

#include <algorithm>

#include "errors.hpp"
#include "node.hpp"
#include "node_map.hpp"
#include "ops/accumulate.hpp"

namespace xgrad {
namespace {

using detail::fail;
using detail::Fn;
using detail::Node;

struct Staged {
  Node* leaf;
  Tensor grad;
  Tensor replacement;  ///< of the leaf's gradient, where it cannot be added to in place
};

struct Entry {
  std::uint32_t stamp;
  Node* node;
  bool operator<(const Entry& o) const { return stamp < o.stamp; }
};

/// The containers of a walk. Each thread keeps one set, so that a steady training loop allocates none.
struct Scratch {
  std::vector<Entry> heap;
  std::vector<Staged> staged;
  detail::NodeMap where;     // node -> its place in staged
  detail::NodeMap captured;  // the inputs of `grad`
  detail::NodeMap needed;    // recorded nodes from which an input can be reached
};

thread_local std::unique_ptr<Scratch> spare_scratch;

std::unique_ptr<Scratch> take_scratch() {
  return spare_scratch ? std::move(spare_scratch) : std::make_unique<Scratch>();
}

void clear_cotangents(Node* n) {
  n->queued = false;
  if (n->grad) detail::drop_handle(std::exchange(n->grad, nullptr));
  if (n->extra)
    for (Tensor& g : n->extra->cotangents) g = {};
}

/// One backward pass: newest node first, by stamps, without recursion.
///
/// Cotangents of recorded nodes are gathered in the nodes themselves, those of leaves and of the inputs of
/// `grad` in the walk, so that threads may share leaves.
class Walk {
 public:
  Walk(bool retain_graph, bool create_graph)
      : retain_(retain_graph || create_graph), create_(create_graph), scratch_(take_scratch()) {}
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  ~Walk() {  // empty unless something threw: then the rest of the graph counts as freed
    while (Node* n = pop()) Held(n, retain_);
    staged_.clear();
    where_.clear();
    captured_.clear();
    needed_.clear();
    spare_scratch = std::move(scratch_);
  }

  /// Restricts the walk to what lies between the outputs and these inputs; their cotangents are captured.
  void only(std::span<const Tensor> outputs, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs) captured_.insert(x.node(), 1);
    restricted_ = true;
    find_needed(outputs);
  }

  void add(Node* n, Tensor g) {
    if (restricted_ ? captured_.find(n) != nullptr : n->op == nullptr) stage(n, g);
    if (n->op == nullptr || (restricted_ && !leads_to_input(n))) return;
    gather(n->grad, std::move(g));
    enqueue(n);
  }

  void run() {
    const RecordingGuard guard(create_);
    while (Node* n = pop()) {
      const Held held(n, retain_);
      if (n->freed)
        fail("backward", std::string("the graph was freed by an earlier backward: it reached ") +
                             n->op->name + " of " + Tensor::share(n).describe() +
                             "; pass {.retain_graph = true} to the earlier one");
      visit(n);
    }
  }

  /// The gathered cotangent of a captured input; undefined if nothing reached it.
  Tensor captured(Node* n) {
    const std::uint32_t* at = where_.find(n);
    return at ? staged_[*at].grad : Tensor();
  }

  void commit();

 private:
  /// Lets go of a popped node at the end of its visit, also when a rule throws.
  struct Held {
    Node* n;
    bool retain;
    Held(Node* node, bool retain_graph) : n(node), retain(retain_graph) {}
    Held(const Held&) = delete;
    ~Held() {
      clear_cotangents(n);
      if (!retain) detail::release_history(n);
      detail::drop_link(n);
    }
  };

  static Tensor take_cotangent(Node* n) { return Tensor::adopt(std::exchange(n->grad, nullptr)); }

  void enqueue(Node* n) {
    if (n->queued) return;
    n->queued = true;
    n->links.up();
    if (!next_) {
      next_ = n;
      return;
    }
    if (n->stamp > next_->stamp) std::swap(n, next_);
    heap_.push_back({n->stamp, n});
    std::push_heap(heap_.begin(), heap_.end());
  }

  Node* pop() {
    if (next_ && (heap_.empty() || next_->stamp >= heap_.front().stamp)) return std::exchange(next_, nullptr);
    if (heap_.empty()) return nullptr;
    std::pop_heap(heap_.begin(), heap_.end());
    Node* n = heap_.back().node;
    heap_.pop_back();
    return n;
  }

  /// slot += g, in place where nobody can see the slot.
  void gather(Node*& slot, Tensor g) {
    if (!slot) {
      slot = g.release();
      return;
    }
    Tensor sum = Tensor::adopt(std::exchange(slot, nullptr));
    slot = detail::accumulate(std::move(sum), g, create_).release();
  }

  void stage(Node* n, Tensor g) {
    if (std::uint32_t* at = where_.find(n)) {
      Tensor& slot = staged_[*at].grad;
      slot = detail::accumulate(std::move(slot), g, create_);
    } else {
      where_.insert(n, static_cast<std::uint32_t>(staged_.size()));
      staged_.push_back({n, std::move(g), {}});
    }
  }

  void visit(Node* n);
  void visit_joint(Node* n);
  void contribute(Node* n, int i, Tensor dx);
  bool wants(Node* x) const {
    return x && x->requires_grad && (!restricted_ || leads_to_input(x) || captured_.find(x));
  }
  bool leads_to_input(Node* x) const { return needed_.find(x) != nullptr; }
  void find_needed(std::span<const Tensor> outputs);

  bool retain_, create_, restricted_ = false;
  Node* next_ =
      nullptr;  ///< the newest node of all in the queue, or one as new: a chain never touches the heap
  std::unique_ptr<Scratch> scratch_;
  std::vector<Entry>& heap_ = scratch_->heap;
  std::vector<Staged>& staged_ = scratch_->staged;
  detail::NodeMap& where_ = scratch_->where;
  detail::NodeMap& captured_ = scratch_->captured;
  detail::NodeMap& needed_ = scratch_->needed;
};

void Walk::visit(Node* n) {
  if (n->output_of_joint) {  // hand the cotangent to the node that all outputs share
    int k;
    std::memcpy(&k, n->attributes, sizeof k);
    Tensor g = take_cotangent(n);
    Node* joint = n->inside[0];
    Tensor& slot = joint->extra->cotangents[static_cast<std::size_t>(k)];
    slot = slot.defined() ? detail::accumulate(std::move(slot), g, create_) : std::move(g);
    enqueue(joint);
    return;
  }
  if (n->op->joint.run) return visit_joint(n);
  const Tensor g = take_cotangent(n);
  const Fn f(n);
  for (int i = 0; i < n->input_count; ++i) {
    Node* x = n->inputs()[i];
    if (!wants(x)) continue;
    if (n->op->each.run)
      contribute(n, i, n->op->each.run(g, f, i));
    else if (static_cast<std::size_t>(i) < n->op->vjp.size() && n->op->vjp[static_cast<std::size_t>(i)].run)
      contribute(n, i, n->op->vjp[static_cast<std::size_t>(i)].run(g, f));
  }
}

void Walk::visit_joint(Node* n) {
  std::vector<Tensor> g;
  if (n->extra && !n->extra->cotangents.empty()) {
    g.resize(n->extra->cotangents.size());
    g.swap(n->extra->cotangents);
  } else {
    g.push_back(take_cotangent(n));
  }
  std::vector<Tensor> dx(n->input_count);
  n->op->joint.run(g, Fn(n), dx);
  for (int i = 0; i < n->input_count; ++i)
    if (wants(n->inputs()[i])) contribute(n, i, std::move(dx[static_cast<std::size_t>(i)]));
}

/// Checks what a rule returned, sums it to the shape of the input, and passes it on.
void Walk::contribute(Node* n, int i, Tensor dx) {
  if (!dx.defined()) return;
  Node* x = n->inputs()[i];
  if (dx.dtype() != x->dtype)
    fail(n->op->name, "the rule of input " + std::to_string(i) + " returned " + dx.describe() +
                          " for an input of dtype " + name_of(x->dtype));
  if (!(dx.shape() == x->shape)) dx = detail::sum_to(n->op->name, dx, x->shape);
  add(x, std::move(dx));
}

/// Marks every recorded node from which an input of `grad` can be reached: all inputs of a node are marked
/// before the node, because they are older.
void Walk::find_needed(std::span<const Tensor> outputs) {
  detail::NodeMap seen;
  std::vector<Entry> nodes;
  const auto reach = [&](Node* n) {
    if (!n->op || seen.find(n)) return;
    seen.insert(n, 1);
    nodes.push_back({n->stamp, n});
  };
  for (const Tensor& y : outputs) reach(y.node());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Node* n = nodes[i].node;
    for (int k = 0; k < n->input_count; ++k)
      if (Node* x = n->inputs()[k]; x && x->requires_grad) reach(x);
  }
  std::sort(nodes.begin(), nodes.end());
  for (const Entry& e : nodes)
    for (int k = 0; k < e.node->input_count; ++k)
      if (Node* x = e.node->inputs()[k]; x && x->requires_grad && (captured_.find(x) || needed_.find(x))) {
        needed_.insert(e.node, 1);
        break;
      }
}

/// Adds what was staged to the leaves. All that can throw comes first, so that an error changes no `.grad()`.
void Walk::commit() {
  const RecordingGuard guard(create_);
  for (auto& [leaf, g, replacement] : staged_) {
    if (!leaf->grad)
      replacement = detail::is_sole_owner(g.node()) ? std::move(g) : g.clone();
    else if (create_ || !detail::is_unique(leaf->grad))
      replacement = detail::add_grads(Tensor::share(leaf->grad), g, create_);
  }
  for (auto& [leaf, g, replacement] : staged_) {
    if (replacement.defined()) {
      const Tensor old = Tensor::adopt(std::exchange(leaf->grad, replacement.release()));
    } else {
      detail::add_in_place(leaf->grad, g);
    }
  }
}

void check_root(const char* op, const Tensor& y, const Tensor& cotangent) {
  if (!y.requires_grad())
    fail(op, "nothing to differentiate: the output " + y.describe() +
                 " requires no gradient; call requires_grad_() on a leaf, and compute outside NoGrad");
  if (!cotangent.defined()) {
    if (y.numel() != 1)
      fail(op, "the output must have one element: it is " + y.describe() +
                   "; reduce it by sum() or mean(), or pass a cotangent of its shape");
  } else if (!(cotangent.shape() == y.shape()) || cotangent.dtype() != y.dtype()) {
    fail(op, "the cotangent must have the output's shape and dtype: the output is " + y.describe() +
                 ", the cotangent is " + cotangent.describe());
  }
}

Tensor seed(const Tensor& y, const Tensor& cotangent) {
  if (cotangent.defined()) return cotangent;
  const NoGrad guard;
  return detail::ones_of(y.shape(), y.dtype());
}

}  // namespace

void Tensor::backward(BackwardOptions options) const { backward(Tensor(), options); }

void Tensor::backward(const Tensor& cotangent, BackwardOptions options) const {
  check_root("backward", *this, cotangent);
  Walk walk(options.retain_graph, options.create_graph);
  walk.add(node(), seed(*this, cotangent));
  walk.run();
  walk.commit();
}

std::vector<Tensor> grad(const Tensor& output, const std::vector<Tensor>& inputs, GradOptions options) {
  return grad(std::vector<Tensor>{output}, inputs, {}, options);
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& cotangents, GradOptions options) {
  if (!cotangents.empty() && cotangents.size() != outputs.size())
    fail("grad", std::to_string(outputs.size()) + " outputs need as many cotangents: there are " +
                     std::to_string(cotangents.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].requires_grad())
      fail("grad", "input " + std::to_string(i) + " requires no gradient: it is " + inputs[i].describe() +
                       "; call requires_grad_() on it before the outputs are computed");
  const auto cotangent = [&](std::size_t k) { return cotangents.empty() ? Tensor() : cotangents[k]; };
  for (std::size_t k = 0; k < outputs.size(); ++k) check_root("grad", outputs[k], cotangent(k));

  Walk walk(options.retain_graph, options.create_graph);
  walk.only(outputs, inputs);
  for (std::size_t k = 0; k < outputs.size(); ++k)
    walk.add(outputs[k].node(), seed(outputs[k], cotangent(k)));
  walk.run();

  std::vector<Tensor> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    result.push_back(walk.captured(inputs[i].node()));
    if (!result.back().defined() && !options.allow_unused)
      fail("grad", "no output depends on input " + std::to_string(i) + ": it is " + inputs[i].describe() +
                       "; pass {.allow_unused = true} to get an undefined gradient for it");
  }
  return result;
}

}  // namespace xgrad
