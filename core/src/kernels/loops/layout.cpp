#include "kernels/loops/layout.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/short_copy.hpp"
#include "kernels/loops/transpose.hpp"
#include "kernels/loops/work.hpp"

namespace xgrad::detail {

void LayoutCopy::axis(std::int64_t size, std::int64_t to, std::int64_t from) {
  if (size == 0) empty_ = true;
  if (size == 1) return;
  if (rank_ > 0) {
    Axis& outer = axes_[rank_ - 1];
    if (outer.to == size * to && outer.from == size * from) {
      outer = {outer.size * size, to, from};
      return;
    }
  }
  axes_[rank_++] = {size, to, from};
}

namespace {

constexpr Kernel copy_kernel = {.name = "copy", .elementwise = true};
constexpr Kernel strided_copy_kernel = {.name = "strided_copy"};

struct Line {
  std::int64_t size, to, from;
};

/// to[j * t] = from[j * f] for one axis.
template <class T>
void copy_line(T* __restrict to, const T* __restrict from, const Line& a) {
  if (a.to != 1 && a.from == 1) {
    for (std::int64_t j = 0; j < a.size; ++j) to[j * a.to] = from[j];
  } else if (a.to != 1) {
    for (std::int64_t j = 0; j < a.size; ++j) to[j * a.to] = from[j * a.from];
  } else if (a.from == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(a.size) * sizeof(T));
  } else if (a.from == 0) {
    std::fill_n(to, a.size, *from);
  } else if (a.from == 2) {
    for (std::int64_t j = 0; j < a.size; ++j) to[j] = from[2 * j];
  } else if (a.from == -1) {
    for (std::int64_t j = 0; j < a.size; ++j) to[j] = from[-j];
  } else {
    for (std::int64_t j = 0; j < a.size; ++j) to[j] = from[j * a.from];
  }
}

/// Two axes at once, i outside j.
template <class T>
void copy_plane(T* __restrict to, const T* __restrict from, const Line& i, const Line& j) {
  if (i.from == 1 && j.to == 1 && j.from > 1) {
    transpose_tiles(to, i.to, from, j.from, i.size, j.size);
  } else if (j.to == 1 && j.from <= 1 && j.from >= 0 &&
             j.size * static_cast<std::int64_t>(sizeof(T)) <= longest_short_copy) {
    const auto row = [&](std::int64_t k) { return from + k * i.from; };
    if (j.from == 1)
      copy_short_rows(to, i.to, j.size, i.size, row);
    else
      copy_short_rows<true>(to, i.to, j.size, i.size, row);
  } else if (j.size >= 8 || i.size < j.size) {
    for (std::int64_t k = 0; k < i.size; ++k) copy_line(to + k * i.to, from + k * i.from, j);
  } else {  // short runs: the long axis inside
    for (std::int64_t k = 0; k < i.size; ++k)
      for (std::int64_t l = 0; l < j.size; ++l) to[k * i.to + l * j.to] = from[k * i.from + l * j.from];
  }
}

}  // namespace

template <class T>
void LayoutCopy::run_as(T* to, const T* from) const {
  if (rank_ == 0) {
    *to = *from;
    return;
  }
  const int last = rank_ - 1;
  const Line j = {axes_[last].size, axes_[last].to, axes_[last].from};
  if (rank_ == 1) return copy_line(to, from, j);

  int partner = last - 1;  // the other axis of the plane: the one along which the source is contiguous
  if (j.from != 1 && j.from != 0)
    for (int k = 0; k < last; ++k)
      if (axes_[k].from == 1) partner = k;
  const Line i = {axes_[partner].size, axes_[partner].to, axes_[partner].from};

  std::int64_t index[Shape::max_rank + 1] = {};
  for (;;) {
    copy_plane(to, from, i, j);
    int k = last - 1;
    for (; k >= 0; --k) {
      if (k == partner) continue;
      to += axes_[k].to, from += axes_[k].from;
      if (++index[k] < axes_[k].size) break;
      to -= axes_[k].to * axes_[k].size, from -= axes_[k].from * axes_[k].size;
      index[k] = 0;
    }
    if (k < 0) return;
  }
}

template void LayoutCopy::run_as(float*, const float*) const;
template void LayoutCopy::run_as(double*, const double*) const;
template void LayoutCopy::run_as(std::int64_t*, const std::int64_t*) const;
template void LayoutCopy::run_as(bool*, const bool*) const;

/// What the copy is heard as.
const Kernel& LayoutCopy::kernel() const {
  if (rank_ == 0 || (rank_ == 1 && axes_[0].to == 1 && axes_[0].from == 1)) return copy_kernel;
  for (int k = 0; k + 1 < rank_; ++k)
    if (axes_[k].from == 1 && axes_[rank_ - 1].from > 1) return transpose_kernel;
  return strided_copy_kernel;
}

LayoutCopy LayoutCopy::settled() const {
  LayoutCopy all;
  std::memset(static_cast<void*>(&all), 0, sizeof all);  // its padding too, which two recordings compare
  all.rank_ = rank_, all.empty_ = empty_;
  std::copy_n(axes_, rank_, all.axes_);
  return all;
}

/// At the door: cuts the outermost axis where there is much to copy.
template <class T>
[[gnu::cold, gnu::noinline]] void LayoutCopy::launch_as(std::int64_t n, T* to, const T* from) const {
  constexpr std::int64_t tile = 64;  // of a transposition
  const std::int64_t outer = rank_ == 0 ? 1 : axes_[0].size;
  std::int64_t size = outer;
  if (n > large_work) {
    size = std::max<std::int64_t>(block_elements / (n / outer), 1);
    if (size >= tile) size = size / tile * tile;
  }
  launch(kernel(), {.bytes = n * bytes_of<T, T>}, outer, size,
         [to, from, all = settled()](std::int64_t first, std::int64_t last) {
           if (all.rank_ == 0) return all.run_as(to, from);
           LayoutCopy part = all;
           part.axes_[0].size = last - first;
           part.run_as(to + first * all.axes_[0].to, from + first * all.axes_[0].from);
         });
}

void LayoutCopy::run(DType dtype, void* to, std::int64_t to_first, const void* from,
                     std::int64_t from_first) const {
  if (empty_) return;
  std::int64_t n = 1;
  for (int k = 0; k < rank_; ++k) n *= axes_[k].size;
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    T* p = static_cast<T*>(to) + to_first;
    const T* q = static_cast<const T*>(from) + from_first;
    runs_unheard(n) ? run_as(p, q) : launch_as(n, p, q);
  });
}

}  // namespace xgrad::detail
