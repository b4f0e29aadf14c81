#include "xgrad/parallel/communicator.hpp"

#include <algorithm>
#include <cstring>

#include "operations.hpp"
#include "start.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::parallel {

using namespace detail;

namespace {

void check_rank(const char* op, const Channel& channel, int rank) {
  if (rank < 0 || rank >= channel.size())
    throw Error(std::string(op) + ": there is no rank " + std::to_string(rank) + "; ranks are 0 to " +
                std::to_string(channel.size() - 1));
}

void check_message(const char* op, const Channel& channel, int rank, int tag) {
  check_rank(op, channel, rank);
  if (rank == channel.rank())
    throw Error(std::string(op) + ": rank " + std::to_string(rank) +
                " is this one; another rank is needed at the other end");
  if (tag < 0 || tag > 255)
    throw Error(std::string(op) + ": the tag must be in [0, 255]: it is " + std::to_string(tag));
}

/// Throws Error unless `all` is one x for each rank.
void check_rows(const char* op, const Tensor& all, const Tensor& x, int size) {
  const std::int64_t rows = all.dim(op) > 0 ? all.size(0) : -1;
  bool fits = rows == size && all.dim() == x.dim(op) + 1 && all.dtype() == x.dtype();
  for (int i = 0; fits && i < x.dim(); ++i) fits = all.shape()[i + 1] == x.shape()[i];
  if (!fits)
    throw Error(std::string(op) + ": needs one row for each of " + std::to_string(size) +
                " ranks, of the other's shape and dtype: they are " + all.describe() + " and " +
                x.describe());
}

Shape rows_shape(const Tensor& x, int size) {
  std::vector<std::int64_t> sizes{size};
  sizes.insert(sizes.end(), x.shape().begin(), x.shape().end());
  return sizes;
}

template <class O, class... A>
std::shared_ptr<O> operation(const std::shared_ptr<Channel>& channel, A&&... arguments) {
  channel->check_usable();
  return std::make_shared<O>(channel, std::forward<A>(arguments)...);
}

Work gather(const std::shared_ptr<Channel>& channel, const Signature& signature, const Tensor& x,
            Tensor all) {
  const auto call = operation<Once>(channel, signature, tag_of_call(channel->calls++));
  const std::span<const std::byte> own = x.defined() ? bytes_of(x) : std::span<const std::byte>();
  const std::span<std::byte> rows = all.defined() ? writable_bytes_of(all) : std::span<std::byte>();
  const auto row = [&](int r) { return rows.subspan(static_cast<std::size_t>(r) * own.size(), own.size()); };
  if (!own.empty()) std::memmove(row(channel->rank()).data(), own.data(), own.size());
  for (int k = 1; k < channel->size(); ++k) {
    const int to = (channel->rank() + k) % channel->size();
    call->exchange.receive(to, own.empty() ? std::span<std::byte>() : row(to));
  }
  for (int k = 1; k < channel->size(); ++k) call->exchange.send((channel->rank() + k) % channel->size(), own);
  call->kept = {x, all};
  return Work(call);
}

}  // namespace

namespace detail {

Work start_all_reduce_as(const std::shared_ptr<Channel>& channel, Tensor x, Reduce reduce,
                         std::uint64_t call) {
  const Signature s = signature_of(CallKind::all_reduce, x, static_cast<std::uint32_t>(reduce));
  return Work(operation<AllReduce>(channel, s, std::move(x), Tensor(), reduce, tag_of_call(call)));
}

}  // namespace detail

bool Work::test() { return !operation_ || operation_->test(); }
void Work::wait() {
  if (operation_) operation_->wait();
}

int Communicator::rank() const { return channel_->rank(); }
int Communicator::size() const { return channel_->size(); }
std::string Communicator::engine() const { return channel_->engine->name(); }
double Communicator::time_limit() const { return channel_->time_limit; }

void Communicator::set_time_limit(double seconds) {
  if (!(seconds > 0))
    throw Error("set_time_limit: the limit must be above 0: it is " + std::to_string(seconds));
  channel_->time_limit = seconds;
}

Communicator Communicator::duplicate() const {
  channel_->check_usable();
  auto copy = std::make_shared<Channel>(channel_->engine->duplicate(channel_->time_limit));
  copy->time_limit = channel_->time_limit;
  return Communicator(std::move(copy));
}

Work Communicator::start_broadcast(Tensor x, int root) {
  check_rank("broadcast", *channel_, root);
  x.shape("broadcast");
  return Work(operation<Broadcast>(channel_, std::move(x), root, tag_of_call(channel_->calls++)));
}

Work Communicator::start_all_reduce(Tensor x, Reduce reduce) {
  check_reduces("all_reduce", x, reduce);
  return start_all_reduce_as(channel_, std::move(x), reduce, channel_->calls++);
}

Work Communicator::start_all_gather(const Tensor& x, Tensor result) {
  check_rows("all_gather", result, x, size());
  return gather(channel_, signature_of(CallKind::all_gather, x), x, std::move(result));
}

Work Communicator::start_reduce_scatter(const Tensor& x, Tensor result, Reduce reduce) {
  check_reduces("reduce_scatter", x, reduce);
  check_rows("reduce_scatter", x, result, size());
  const Signature s = signature_of(CallKind::reduce_scatter, x, static_cast<std::uint32_t>(reduce));
  return Work(
      operation<AllReduce>(channel_, s, x, std::move(result), reduce, tag_of_call(channel_->calls++)));
}

Work Communicator::start_send(const Tensor& x, int to, int tag) {
  check_message("send", *channel_, to, tag);
  const auto call = operation<Once>(channel_, signature_of(CallKind::message, x), tag_of_message(tag));
  call->exchange.send(to, bytes_of(x));
  call->kept = {x};
  return Work(call);
}

Work Communicator::start_receive(Tensor x, int from, int tag) {
  check_message("receive", *channel_, from, tag);
  const auto call = operation<Once>(channel_, signature_of(CallKind::message, x), tag_of_message(tag));
  call->exchange.receive(from, writable_bytes_of(x));
  call->kept = {std::move(x)};
  return Work(call);
}

void Communicator::broadcast(Tensor x, int root) { start_broadcast(std::move(x), root).wait(); }
void Communicator::all_reduce(Tensor x, Reduce reduce) { start_all_reduce(std::move(x), reduce).wait(); }
void Communicator::send(const Tensor& x, int to, int tag) { start_send(x, to, tag).wait(); }
void Communicator::receive(Tensor x, int from, int tag) { start_receive(std::move(x), from, tag).wait(); }

Tensor Communicator::all_gather(const Tensor& x) {
  const NoGrad guard;
  Tensor result = empty(rows_shape(x, size()), {.dtype = x.dtype()});
  start_all_gather(x, result).wait();
  return result;
}

Tensor Communicator::reduce_scatter(const Tensor& x, Reduce reduce) {
  const NoGrad guard;
  if (x.dim("reduce_scatter") == 0 || x.size(0) != size())
    throw Error("reduce_scatter: needs one row for each of " + std::to_string(size()) + " ranks: x is " +
                x.describe());
  const Shape row(std::span<const std::int64_t>(x.shape().begin() + 1, x.shape().end()));
  Tensor result = empty(row, {.dtype = x.dtype()});
  start_reduce_scatter(x, result, reduce).wait();
  return result;
}

void Communicator::barrier() { gather(channel_, Signature{}, Tensor(), Tensor()).wait(); }

}  // namespace xgrad::parallel
