#include "xgrad/data/loader.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "tensor/fork.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"

namespace xgrad::data {

namespace {

// The order of a pass as PyTorch's DataLoader draws it: a seed for its workers, then one for its sampler.
Tensor draw_order(std::int64_t n, Generator generator) {
  generator.draw64();
  const std::uint64_t seed = generator.draw64() & INT64_MAX;
  return randperm(n, {}, Generator(seed));
}

// A loaded order is a permutation of the examples, and there is one where a pass has begun.
void check_order(const Tensor& order, std::int64_t rows, std::int64_t n) {
  if (!order.defined()) {
    if (rows != 0)
      throw Error("Loader: an order is expected where a pass has begun: it is undefined after " +
                  std::to_string(rows) + " rows");
    return;
  }
  bool right = order.dtype() == int64 && order.shape() == Shape{n};
  if (right) {
    std::vector<bool> seen(static_cast<std::size_t>(n));
    for (const std::int64_t i : order.data<std::int64_t>()) {
      right = right && i >= 0 && i < n && !seen[static_cast<std::size_t>(i)];
      if (right) seen[static_cast<std::size_t>(i)] = true;
    }
  }
  if (!right)
    throw Error("Loader: the order of a pass must name each of the " + std::to_string(n) +
                " examples once: it is " + order.describe());
}

}  // namespace

/// Where the latest pass is. Its passes may run on several threads.
struct Loader::Place {
  xgrad::detail::Mutex mutex;
  std::int64_t rows = 0;  ///< delivered
  Tensor order;
  std::int64_t pass = 0;  ///< counts them: only the latest one says where it is
  bool loaded = false;    ///< the next pass goes on from here

  Place() = default;
  Place(const Place& o) : rows(o.rows), order(o.order), loaded(o.loaded) {}
};

void Batch::check_two() const {
  if (tensors_.size() != 2)
    throw Error("Batch: two names take a batch of two tensors; use batch[i]: it has " +
                std::to_string(tensors_.size()));
}

Loader::Loader(TensorDataset dataset, LoaderOptions options)
    : dataset_(std::move(dataset)), options_(std::move(options)), place_(std::make_shared<Place>()) {
  if (options_.batch_size < 1)
    throw Error("Loader: the batch size must be at least 1: it is " + std::to_string(options_.batch_size));
}

Loader::Loader(const Loader& o)
    : dataset_(o.dataset_), options_(o.options_), place_(std::make_shared<Place>(*o.place())) {}
Loader::Loader(Loader&&) noexcept = default;
Loader& Loader::operator=(Loader o) noexcept {
  std::swap(dataset_, o.dataset_);
  std::swap(options_, o.options_);
  std::swap(place_, o.place_);
  return *this;
}
Loader::~Loader() = default;

const std::shared_ptr<Loader::Place>& Loader::place() const {
  if (!place_) throw Error("Loader: it has been moved from; assign another one to it, or make a new one");
  return place_;
}

std::int64_t Loader::size() const {
  const std::int64_t whole = dataset_.size() / options_.batch_size;
  const bool rest = dataset_.size() % options_.batch_size != 0;
  return whole + (rest && !options_.drop_last);
}

void Loader::visit(Visitor& v) {
  v("rows", place()->rows);
  if (options_.shuffle) v.lazy("order", place_->order), v("generator", options_.generator);
  v.fixed("examples", dataset_.size());
  v.check([this] {
    const std::int64_t n = dataset_.size();
    if (place_->rows < 0 || place_->rows > n)
      throw Error("Loader: the rows delivered must be at most the examples: they are " +
                  std::to_string(place_->rows) + " of " + std::to_string(n));
    if (options_.shuffle) check_order(place_->order, place_->rows, n);
  });
  v.loaded([this] {
    place_->loaded = true;
    ++place_->pass;  // a pass that is going on has nothing to say any more
  });
}

Loader::Iterator::Iterator(const Loader& loader)
    : dataset_(loader.dataset_),
      batch_size_(loader.options_.batch_size),
      drop_last_(loader.options_.drop_last),
      place_(loader.place()) {
  batch_.tensors_.resize(dataset_.tensors().size());
  if (!continue_pass()) {
    Tensor order;
    if (loader.options_.shuffle) order = draw_order(dataset_.size(), loader.options_.generator);
    begin_pass(std::move(order));
  }
  fetch();
}

void Loader::Iterator::fetch() {
  const std::int64_t start = rows_, left = dataset_.size() - start;
  at_end_ = left == 0 || (drop_last_ && left < batch_size_);
  const auto& tensors = dataset_.tensors();
  if (at_end_) {
    std::fill(batch_.tensors_.begin(), batch_.tensors_.end(), Tensor());
  } else {
    const std::int64_t stop = rows_ = start + std::min(batch_size_, left);
    const Tensor rows = order_.defined() ? slice(order_, 0, start, stop) : Tensor();
    for (std::size_t i = 0; i < tensors.size(); ++i)
      batch_.tensors_[i] =
          rows.defined() ? index_select(tensors[i], 0, rows) : slice(tensors[i], 0, start, stop);
  }
  tell();
}

// None of these frees a tensor or draws a number under the lock.

/// Goes on with the pass that was loaded, if there is one.
bool Loader::Iterator::continue_pass() {
  const std::lock_guard lock(place_->mutex);
  if (!std::exchange(place_->loaded, false) || place_->rows == 0) return false;
  rows_ = place_->rows;
  order_ = place_->order;
  pass_ = ++place_->pass;
  return true;
}

void Loader::Iterator::begin_pass(Tensor order) {
  order_ = order;
  const std::lock_guard lock(place_->mutex);
  place_->rows = 0;
  std::swap(place_->order, order);
  pass_ = ++place_->pass;
}

/// Says what was delivered, or that this was the end, if no later pass has begun.
void Loader::Iterator::tell() {
  Tensor ended;
  const std::lock_guard lock(place_->mutex);
  if (place_->pass != pass_) return;
  place_->rows = at_end_ ? 0 : rows_;
  if (at_end_) std::swap(place_->order, ended);
}

}  // namespace xgrad::data
