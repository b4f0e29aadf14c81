// Every row as a step that is recorded: it runs again on other values to the bits of the eager ops, with its
// gradients and theirs, or it is refused by name. Never anything else.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <set>

#include "autodiff/listen.hpp"
#include "core/ops/rows_checks.hpp"
#include "program/replay.hpp"

namespace xgrad::test {

namespace {

/// The bytes of tensors, undefined ones apart.
std::vector<std::string> bits_of(const Tensors& all) {
  std::vector<std::string> bits;
  for (const Tensor& t : all) {
    std::string b = t.defined() ? t.describe() : "undefined";
    if (t.defined() && t.numel() > 0)
      b.append(static_cast<const char*>(t.node()->data),
               static_cast<std::size_t>(t.numel() * size_of(t.dtype())));
    bits.push_back(std::move(b));
  }
  return bits;
}

void set_values(const Tensors& x, const Tensors& values) {
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i].numel() > 0)
      std::memcpy(x[i].node()->data, values[i].node()->data,
                  static_cast<std::size_t>(x[i].numel() * size_of(x[i].dtype())));
}

/// A row with its gradients, and their gradients, on inputs that stay where they are.
struct RowStep {
  const Row& row;
  Tensors x, out, cotangents = {}, more_cotangents = {};

  RowStep(const Row& r, Tensors inputs) : row(r), x(std::move(inputs)) {
    if (differentiable(row))
      for (Tensor& t : x)
        if (is_floating(t.dtype())) t = t.detach().requires_grad_();
  }

  /// The gradients of those of `of` that have one; `by` are made the first time.
  Tensors gradients(const Tensors& of, Tensors& by, bool create_graph) const {
    Tensors y;
    for (const Tensor& t : of)
      if (t.defined() && t.requires_grad()) y.push_back(t);
    if (y.empty()) return {};
    if (by.empty())
      for (const Tensor& t : y) by.push_back((rand_like(t) - 0.5).detach());
    return grad(y, floating_of(x), by, {.create_graph = create_graph, .allow_unused = true});
  }

  void operator()() {
    out = row.run(x);
    const Tensors first = gradients(out, cotangents, row.order == 2);
    if (row.order == 2) {
      const Tensors second = gradients(first, more_cotangents, false);
      out.insert(out.end(), second.begin(), second.end());
    }
    out.insert(out.end(), first.begin(), first.end());
  }
};

/// Records the row on some values and runs it on others. Returns why it was refused, "" where it was not.
std::string replay_row(const Row& row, const std::vector<Shape>& shapes, Faults& faults) {
  RowStep step(row, make_inputs(row, shapes));
  const Tensors first = make_inputs(row, shapes), second = make_inputs(row, shapes, 1000);
  step();  // makes the cotangents
  const std::unique_ptr<detail::Plan> plan = detail::record_step([&] { step(); }, false);
  if (!plan->refused.empty()) return plan->refused;
  const Tensors made = step.out;
  set_values(step.x, second);
  std::vector<std::string> replayed;
  try {
    detail::run_plan(*plan);
    replayed = bits_of(made);
  } catch (const Error& e) {
    if (std::string(e.what()).find("capture the step again") == std::string::npos) faults.push_back(e.what());
    return "";  // never a wrong number
  }
  step();
  const std::vector<std::string> eager = bits_of(step.out);
  for (std::size_t k = 0; k < std::max(replayed.size(), eager.size()); ++k)
    if (k >= replayed.size() || k >= eager.size() || replayed[k] != eager[k]) {
      faults.push_back(row.name + ": a replay gives other bits for output " + std::to_string(k) + " of " +
                       described(second));
      break;
    }
  return "";
}

/// Functions of which some row or shape is refused: their kernels refer to their caller's variables, or they
/// read elements on the host. layer_norm and scaled_dot_product_attention are for empty tensors only,
/// cross_entropy with weights and smoothing.
const std::set<std::string> refused_rows = {"avg_pool2d",
                                            "cholesky",
                                            "conv1d",
                                            "conv2d",
                                            "conv_transpose2d",
                                            "cosine_similarity",
                                            "cross_entropy",
                                            "ctc_loss",
                                            "det",
                                            "dropout",
                                            "eigh",
                                            "gaussian_nll_loss",
                                            "gru",
                                            "gru_cell",
                                            "index",
                                            "index_put",
                                            "inverse",
                                            "layer_norm",
                                            "logdet",
                                            "logistic_loss",
                                            "lstm",
                                            "lstsq",
                                            "masked_select",
                                            "matrix_exp",
                                            "matrix_norm",
                                            "max_pool2d",
                                            "nonzero",
                                            "norm",
                                            "normalize",
                                            "pairwise_distance",
                                            "pinv",
                                            "qr",
                                            "rnn",
                                            "scaled_dot_product_attention",
                                            "slogdet",
                                            "solve",
                                            "svd",
                                            "triplet_margin_loss"};

/// Inputs in pages that nobody may touch between kernels.
struct Guarded {
  struct Page {
    void* at;
    std::size_t bytes;
  };
  static inline std::vector<Page> pages;
  static inline bool host_touched = false;

  static void protect(int mode) {
    for (const Page& p : pages) mprotect(p.at, p.bytes, mode);
  }
  static void on_fault(int, siginfo_t* info, void*) {
    for (const Page& p : pages) {
      const auto* at = static_cast<const std::byte*>(p.at);
      if (info->si_addr < at || info->si_addr >= at + p.bytes) continue;
      if (detail::longest_unheard == 0) host_touched = true;
      return protect(PROT_READ | PROT_WRITE);
    }
    signal(SIGSEGV, SIG_DFL);
  }

  static Tensor guarded(const Tensor& t) {
    const std::size_t bytes = (static_cast<std::size_t>(t.numel()) * 8 + 4095) / 4096 * 4096 + 4096;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memcpy(at, t.node()->data, static_cast<std::size_t>(t.numel() * size_of(t.dtype())));
    pages.push_back({at, bytes});
    return from_memory(at, t.shape(), t.dtype());
  }

  static void forget() {
    for (const Page& p : pages) munmap(p.at, p.bytes);
    pages.clear();
  }
};

struct Protector : detail::Listener, detail::KernelListener {
  Protector() : Listener(false) { Guarded::protect(PROT_NONE); }
  ~Protector() override { Guarded::protect(PROT_READ | PROT_WRITE); }
  void hear(const detail::Heard&) override {}
  void hear_write(const char*, const Tensor&) override {}
  void hear(const detail::Kernel&, detail::Work, std::int64_t, std::int64_t, std::int64_t) noexcept override {
    Guarded::protect(PROT_NONE);
  }
};

/// Whether ops touch the elements of their inputs outside of kernels.
bool host_touches(const Row& row, const std::vector<Shape>& shapes) {
  RowStep step(row, make_inputs(row, shapes));
  step();
  Tensors inputs = make_inputs(row, shapes);
  for (Tensor& t : inputs) t = Guarded::guarded(t);
  RowStep on_guarded(row, std::move(inputs));
  for (const Tensor& t : step.cotangents) on_guarded.cotangents.push_back(Guarded::guarded(t));
  for (const Tensor& t : step.more_cotangents) on_guarded.more_cotangents.push_back(Guarded::guarded(t));
  Guarded::host_touched = false;
  {
    const Protector protector;
    on_guarded();
  }
  return std::exchange(Guarded::host_touched, false);
}

bool rechecks(const detail::Plan& plan) {
  for (const detail::PlannedRun& r : plan.runs)
    if (std::string(r.kernel->name) == "recheck") return true;
  return false;
}

std::vector<std::vector<Shape>> shapes_of(const Row& row) {
  std::vector<std::vector<Shape>> all = {{}};
  for (const Input& in : row.inputs) all[0].push_back(in.shape);
  all.insert(all.end(), row.shapes.begin(), row.shapes.end());
  if (row.elementwise && row.inputs.size() == 2) all.push_back({{4, 1, 3}, {5, 1}});
  return all;
}

}  // namespace

TEST_CASE("every row runs again on other values to the same bits, to second order, or is refused by name") {
  Faults faults;
  std::map<std::string, std::string> refused;
  std::size_t replayed = 0;
  each_row([&](const Row& row) {
    if (row.name == "allclose" || row.name == "equal") return;  // a bool of C++ is no tensor
    for (const std::vector<Shape>& shapes : shapes_of(row)) {
      std::string why;
      try {
        why = replay_row(row, shapes, faults);
      } catch (const Error& e) {
        faults.push_back(row.name + ": " + e.what());
      }
      if (why.empty())
        ++replayed;
      else
        refused[row.name] = why;
    }
  });

  for (const std::string& fault : faults) CHECK_MESSAGE(false, fault);
  for (const auto& [name, why] : refused) CHECK_MESSAGE(refused_rows.contains(name), name, ": ", why);
  for (const std::string& name : refused_rows)
    CHECK_MESSAGE(refused.contains(name), name, " is not refused any more");
  CHECK(replayed > 300);
}

TEST_CASE("an op that touches its inputs outside of kernels is refused, or looks again in each replay") {
  struct sigaction mine = {}, before;
  mine.sa_sigaction = &Guarded::on_fault;
  mine.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &mine, &before);
  std::size_t touching = 0;
  each_row([&](const Row& row) {
    if (row.name == "allclose" || row.name == "equal" || row.kind == Kind::random) return;
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    if (!host_touches(row, shapes)) return Guarded::forget();
    Guarded::forget();
    ++touching;
    RowStep step(row, make_inputs(row, shapes));
    step();
    const std::unique_ptr<detail::Plan> plan = detail::record_step([&] { step(); }, false);
    CHECK_MESSAGE((!plan->refused.empty() || rechecks(*plan)), row.name,
                  " reads its inputs on the host, and could be replayed");
  });
  sigaction(SIGSEGV, &before, nullptr);

  CHECK(touching > 0);
}

}  // namespace xgrad::test
