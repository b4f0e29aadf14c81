#include "gradients.hpp"

#include <algorithm>
#include <numeric>

#include "compressed.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::parallel::detail {

namespace {

/// f(T{}) for the C++ type of a floating dtype.
template <class F>
void with_floating(DType dtype, const F& f) {
  dtype == float32 ? f(float{}) : f(double{});
}

void set_element(Tensor& x, std::int64_t i, double value) {
  with_floating(x.dtype(), [&]<class T>(T) {
    x.mutable_data<T>()[static_cast<std::size_t>(i)] = static_cast<T>(value);
  });
}

double element(const Tensor& x, std::int64_t i) {
  double value = 0;
  with_floating(x.dtype(),
                [&]<class T>(T) { value = static_cast<double>(x.data<T>()[static_cast<std::size_t>(i)]); });
  return value;
}

}  // namespace

Gradients::Gradients(std::vector<Tensor> parameters, const Communicator& communicator,
                     const ReplicaOptions& options)
    : communicator_(communicator.duplicate()),
      reduce_(options.reduce),
      overlap_(options.overlap),
      compression_(options.compression) {
  for (Tensor& p : parameters) places_.push_back({std::move(p), 0, 0, 0});
  lay_out(options);
  make_values();
  for (std::size_t i = 0; i < places_.size(); ++i)
    hooks_.push_back(on_ready(places_[i].parameter, [this, i](Tensor& g) { ready(i, g); }));
  if (!options.progress_thread) return;
  communicator_.channel()->engine->check_threads();
  helper_ = std::make_unique<Helper>([this] {
    try {
      progress();
    } catch (...) {  // the channel keeps what it was, and whoever waits throws it
    }
  });
}

Gradients::~Gradients() {
  for (HookHandle& hook : hooks_) hook.remove();
}

/// Backward reaches the last parameters first, so the buckets are filled from the end of the list.
void Gradients::lay_out(const ReplicaOptions& options) {
  for (const DType dtype : {float32, float64})
    for (std::size_t i = places_.size(); i-- > 0;) {
      Place& place = places_[i];
      if (place.parameter.dtype() != dtype) continue;
      const std::int64_t n = place.parameter.numel();
      const bool fits = !buckets_.empty() && buckets_.back().dtype == dtype &&
                        (buckets_.back().elements + n) * size_of(dtype) <= options.bucket_bytes;
      if (!fits) buckets_.push_back({dtype});
      place.bucket = buckets_.size() - 1, place.offset = buckets_.back().elements;
      buckets_.back().elements += n;
      buckets_.back().places.push_back(i);
    }
}

void Gradients::make_values() {
  const NoGrad guard;
  for (Bucket& bucket : buckets_) {
    std::int64_t at = bucket.elements;
    for (const std::size_t i : bucket.places) places_[i].flag = at++;
    bucket.weights = at;
    if (&bucket == &buckets_.front()) at += communicator_.size();
    bucket.values = zeros({at}, bucket.dtype);
    bucket.to_come = bucket.places.size();
    if (compression_.kind == Compression::none) continue;
    bucket.residual = zeros({bucket.elements}, bucket.dtype);
    bucket.gradients = bucket.values.slice(0, 0, bucket.elements);
    bucket.notes = bucket.values.slice(0, bucket.elements);
  }
}

void Gradients::check_idle(const char* op) const {
  const bool busy =
      std::ranges::any_of(buckets_, &Bucket::begun) || std::ranges::any_of(places_, &Place::is_ready);
  if (busy)
    throw Error(std::string("Replica::") + op +
                ": the gradients of a backward are on their way; call synchronize() first");
}

void Gradients::set_rows(std::optional<std::int64_t> rows) {
  if (rows && reduce_ != Reduce::mean)
    throw Error(
        "Replica::backward: rows weigh a mean, and this replica takes the sum; leave them out, or make "
        "it with Reduce::mean");
  if (rows && *rows < 0)
    throw Error("Replica::backward: rows must not be negative: they are " + std::to_string(*rows));
  if (weight_ > 0 && rows.has_value() != weighted_)
    throw Error("Replica::backward: rows must be told of every backward of a step or of none");
  rows_ = rows, weighted_ = rows.has_value();
  weight_ = rows ? weight_ + static_cast<double>(*rows) : 1;
}

void Gradients::ready(std::size_t i, Tensor& gradient) {
  if (paused) return;
  Place& place = places_[i];
  Bucket& bucket = buckets_[place.bucket];
  if (bucket.begun)
    throw Error("Replica: a second backward reaches a parameter whose gradient is on its way: it is " +
                place.parameter.describe() +
                "; call synchronize() behind each, or use no_sync() for all but the last");
  gather(place, gradient);
  gradient = {};
  const auto lock = helper_ ? helper_->pause() : std::unique_lock<std::mutex>();
  if (!gathers_only && !std::exchange(place.is_ready, true) && --bucket.to_come == 0 && overlap_) {
    begin(place.bucket);
    ++begun_early;
    if (helper_) helper_->start_locked();
  }
  progress();
}

/// bucket += weight * gradient.
void Gradients::gather(Place& place, const Tensor& gradient) {
  Bucket& bucket = buckets_[place.bucket];
  with_floating(bucket.dtype, [&]<class T>(T) {
    const std::span<const T> g = gradient.data<T>();
    T* sum = bucket.values.mutable_data<T>().data() + place.offset;
    const T weight = rows_ ? static_cast<T>(*rows_) : T(1);
    const bool is_first = !place.has_gradient;
    for (std::size_t k = 0; k < g.size(); ++k) sum[k] = is_first ? weight * g[k] : sum[k] + weight * g[k];
  });
  place.has_gradient = true;
  if (!weighted_) weight_ = 1;
}

void Gradients::begin(std::size_t b) {
  Bucket& bucket = buckets_[b];
  for (const std::size_t i : bucket.places)
    set_element(bucket.values, places_[i].flag, places_[i].has_gradient);
  if (b == 0) {
    const double own = weight_ > 0 || joined_ ? weight_ : 1;
    set_element(bucket.values, bucket.weights + communicator_.rank(), own);
  }
  bucket.begun = true;
  const std::uint64_t call = step_ * 2 * buckets_.size() + 2 * b;
  if (compression_.kind != Compression::none) return begin_compressed(bucket, call);
  bucket.work = start_all_reduce_as(communicator_.channel(), bucket.values, Reduce::sum, call);
}

/// The counts and weights behind the gradients travel by themselves, as they are.
void Gradients::begin_compressed(Bucket& bucket, std::uint64_t call) {
  bucket.work =
      Work(start_compressed(communicator_.channel(), bucket.gradients, bucket.residual, compression_, call));
  bucket.notes_work = start_all_reduce_as(communicator_.channel(), bucket.notes, Reduce::sum, call + 1);
}

/// Several times, since MPI moves some ten thousand bytes on in a call, and no more.
void Gradients::progress() {
  for (int round = 0; round < 8; ++round) {
    bool done = true;
    for (Bucket& bucket : buckets_)
      if (bucket.begun)
        for (Work* work : {&bucket.work, &bucket.notes_work}) done = work->test() && done;
    if (done) return;
  }
}

std::vector<double> Gradients::weights_of_ranks() const {
  std::vector<double> weights;
  for (int r = 0; r < communicator_.size(); ++r)
    weights.push_back(element(buckets_.front().values, buckets_.front().weights + r));
  return weights;
}

std::vector<double> Gradients::finish(bool joined) {
  const NoGrad guard;
  if (helper_) helper_->stop();
  joined_ = joined;
  for (std::size_t b = 0; b < buckets_.size(); ++b)
    if (!buckets_[b].begun) begin(b);
  buckets_.front().notes_work.wait();
  buckets_.front().work.wait();
  const std::vector<double> weights = weights_of_ranks();
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (Bucket& bucket : buckets_) {
    bucket.work.wait(), bucket.notes_work.wait();
    if (total > 0) put(bucket, reduce_ == Reduce::mean ? total : 1);
  }
  reset();
  ++step_;
  return weights;
}

/// .grad() += the reduced gradient / divisor.
void Gradients::put(Bucket& bucket, double divisor) {
  for (const std::size_t i : bucket.places) {
    Place& place = places_[i];
    if (element(bucket.values, place.flag) == 0) continue;
    Tensor gradient = empty(place.parameter.shape(), {.dtype = bucket.dtype});
    with_floating(bucket.dtype, [&]<class T>(T) {
      const T* sum = bucket.values.data<T>().data() + place.offset;
      const std::span<T> g = gradient.mutable_data<T>();
      for (std::size_t k = 0; k < g.size(); ++k) g[k] = sum[k] / static_cast<T>(divisor);
    });
    if (Tensor there = place.parameter.grad(); there.defined()) gradient.add_(there);
    place.parameter.set_grad(gradient);
  }
}

void Gradients::take_from_leaves() {
  const NoGrad guard;
  for (Place& place : places_)
    if (const Tensor g = place.parameter.grad(); g.defined()) {
      gather(place, g);
      place.parameter.zero_grad();
    }
}

void Gradients::forget() {
  check_idle("forget");
  reset();
}

void Gradients::reset() {
  const NoGrad guard;
  for (Place& place : places_) place.has_gradient = place.is_ready = false;
  for (Bucket& bucket : buckets_) {
    bucket.values.fill_(0);
    bucket.to_come = bucket.places.size();
    bucket.begun = false;
    bucket.work = bucket.notes_work = {};
  }
  rows_ = {}, weight_ = 0, joined_ = weighted_ = false;
}

}  // namespace xgrad::parallel::detail
