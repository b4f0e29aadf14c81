#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "autodiff/node_map.hpp"
#include "ops/support/accumulate.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

/// A gradient that the walk hands over at its end: of a leaf, of a tensor that retains it, or of an input of
/// `grad`, each of which has one from the start.
struct Staged {
  Node* node;
  Tensor grad;         ///< undefined until something has reached it
  Tensor replacement;  ///< of the gradient that is there, where it cannot be added to in place
  bool seen = false;   ///< hooks have run
};

struct Entry {
  std::uint32_t stamp;
  Node* node;
  bool operator<(const Entry& o) const { return stamp < o.stamp; }
};

/// Whether an input of `grad` lies behind a node.
struct Reach {
  Node* node;
  bool leads;
};

/// A node whose inputs are looked through, from `next` on.
struct SearchStep {
  Node* node;
  int next;
};

/// The containers of a walk. Each thread keeps one set, so that a steady training loop allocates none.
struct Scratch {
  std::vector<Entry> heap;
  std::vector<Staged> staged;
  std::vector<Reach> reached;      // what is known of recorded nodes, which hold their places in it
  std::vector<SearchStep> frames;  // of the search behind a node
  detail::NodeMap where;           // node -> its place in staged, which leaves hold too
  detail::NodeMap awaited;  // node -> calls that may still contribute to it, where somebody waits for leaves
};

std::unique_ptr<Scratch> take_scratch();
void clear_cotangents(Node* n) noexcept;

/// One backward pass: newest node first, by stamps, without recursion.
///
/// Cotangents of recorded nodes are gathered in the nodes themselves, those of leaves and of the inputs of
/// `grad` in the walk, so that threads may share leaves. What nodes hold is the innermost walk's of a thread:
/// a walk that a hook or a rule starts puts what the outer one has gathered aside until its own end.
class Walk {
 public:
  Walk(bool retain_graph, bool create_graph);
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  ~Walk();

  /// Restricts the walk to what lies between its outputs and these inputs; their cotangents are captured, and
  /// with `partial` passed on to none that lies behind another. Nothing behind all of them is looked at: what
  /// has a smaller stamp than each of them leads to none.
  void only(std::span<const Tensor> inputs, bool partial);

  /// A contribution to the cotangent of n.
  void add(Node* n, Tensor&& g) {
    if (!restricted_ || leads_to_captured(n)) pass_on(n, std::move(g));
  }

  void run();

  /// Lets go of what was captured, for another run with what is known of the graph.
  void restart();

  /// The gathered cotangent of a captured input, whose elements nobody else can write; undefined if nothing
  /// reached it.
  Tensor captured(Node* n);

  /// Runs the hooks of the leaves that were reached.
  void run_leaf_hooks();

  /// Adds what was staged to the leaves. All that can throw comes first, so that an error changes no
  /// `.grad()`.
  void commit();

 private:
  /// Lets go of a popped node at the end of its visit, also when a rule throws.
  struct Held {
    const Walk& walk;
    Node* n;
    Held(const Walk& w, Node* node) : walk(w), n(node) {}
    Held(const Held&) = delete;
    ~Held() {
      clear_cotangents(n);
      if (!walk.retain_ && walk.passes_on_ && (!walk.choosy_ || walk.may_free(n))) release_history(n);
      drop_link(n);
    }
  };

  /// What a node of the queue holds while a walk within this one goes on.
  struct Aside {
    Node* node;
    Node* grad;
    std::vector<Tensor> cotangents;
  };
  void put_aside();
  void put_back() noexcept;
  bool may_free(Node* n) const;

  static Tensor take_cotangent(Node* n) { return Tensor::adopt(std::exchange(n->grad, nullptr)); }

  void enqueue(Node* n) {
    if (n->queued) return;
    for (Node* x : n->inside)
      if (x) prefetch_node(x);  // what its visit reads: in large graphs, from far away
    if (next_) {
      Node* older = n->stamp > next_->stamp ? next_ : n;
      heap_.push_back({older->stamp, older});  // nothing has changed if it throws
      std::push_heap(heap_.begin(), heap_.end());
      if (older == next_) next_ = n;
    } else {
      next_ = n;
    }
    n->queued = true;
    n->links.up();
  }

  /// The newest node of the queue, null when it is empty.
  [[gnu::always_inline]] Node* pop() {
    Node* n = next_;
    if (n && (heap_.empty() || n->stamp >= heap_.front().stamp))
      next_ = nullptr;
    else if (heap_.empty())
      return nullptr;
    else
      n = pop_heap();
    n->queued = false;
    return n;
  }
  Node* pop_heap();
  void let_go() noexcept;

  /// slot += g, in place where nobody else can see the slot.
  void gather(Node*& slot, Tensor&& g) {
    if (!slot)
      slot = g.release();
    else if (in_place_ && is_unique(slot))
      add_in_place(slot, g);
    else
      slot = add_grads(Tensor::adopt(std::exchange(slot, nullptr)), g, create_).release();
  }

  [[gnu::always_inline]] void pass_on(Node* n, Tensor&& g) {
    if (!n->op || (restricted_ && ends_at(n))) return stage(n, std::move(g));
    enqueue(n);  // first: what is queued is cleared if the rest throws
    gather(n->grad, std::move(g));
  }

  void stage(Node* n, Tensor&& g);

  /// The place of n in staged_ if it has one; else null.
  [[gnu::always_inline]] Staged* staged(Node* n) {
    if (!n->op)
      if (const std::size_t at = n->place.get(); at < staged_.size() && staged_[at].node == n)
        return &staged_[at];
    return staged_elsewhere(n);
  }
  Staged* staged_elsewhere(Node* n);
  Staged& new_staged(Node* n);

  void visit(Node* n);
  void visit_joint(Node* n, Tensor&& g);
  void visit_adding(Node* n, std::span<const Tensor> cotangents, std::span<Tensor> dx);
  Tensor gradient(const Op& op, const Tensor& g, Fn f, int i);
  Tensor open_sum(Node* x);  ///< the gradient of x so far, if it may be added to in place; else undefined
  void pass_to_joint(Node* n, Tensor&& g);
  Tensor see(Node* n, Tensor&& g);
  [[noreturn]] static void was_freed(const Op& op, Node* value);
  void contribute(Node* n, int i, const Tensor& g, Tensor&& dx);
  bool wants(Node* x) { return x && x->requires_grad && (!restricted_ || leads_to_captured(x)); }

  // Of a restricted walk:

  bool is_captured(Node* x) { return x->stamp >= least_ && x->stamp <= most_ && staged(x); }
  /// True for an input of `grad` behind which no other lies: the walk does not visit it.
  bool ends_at(Node* x) { return (partial_ || x->stamp <= least_) && is_captured(x); }
  bool leads_to_captured(Node* x);  ///< or is an input of `grad` itself
  bool leads_to_input(Node* x) {
    if (x->stamp <= least_) return false;
    const Reach* known = reach_of(x);
    return known ? known->leads : find_out(x);
  }
  const Reach* reach_of(const Node* x) const {
    const std::size_t at = x->place.get();
    return at < reached_.size() && reached_[at].node == x ? &reached_[at] : nullptr;
  }
  bool find_out(Node* x);
  bool is_next_to_input(Node* n);
  void look_behind(Node* n);
  void remember(Node* n, bool leads);

  void await_leaves();
  void settle(Node* n);
  void has_all(Node* leaf);

  bool retain_, create_, restricted_ = false;
  bool partial_ = false;  ///< what is captured is handed on to a walk that goes on, and runs the hooks itself
  bool passes_on_ = true;               ///< of the node that is visited: something behind it is wanted
  std::uint32_t least_ = 0, most_ = 0;  ///< of the stamps of what is captured
  bool in_place_;  ///< contributions may be added to others in place: nobody wants their history, or listens
  bool awaits_leaves_ = false;  ///< somebody wants to know when a leaf has all of its gradient
  bool choosy_;                 ///< not every node that is visited may be freed: see may_free
  Walk* const outer_;
  Node* visited_ = nullptr;
  std::vector<Aside> aside_;
  Node* next_ =
      nullptr;  ///< the newest node of all in the queue, or one as new: a chain never touches the heap
  std::unique_ptr<Scratch> scratch_;
  std::vector<Entry>& heap_ = scratch_->heap;
  std::vector<Staged>& staged_ = scratch_->staged;
  NodeMap& where_ = scratch_->where;
  NodeMap& awaited_ = scratch_->awaited;
  std::vector<Reach>& reached_ = scratch_->reached;
  std::vector<SearchStep>& frames_ = scratch_->frames;
};

}  // namespace xgrad::detail
