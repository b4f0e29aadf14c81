#include "kernels/loops/layout.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/short_copy.hpp"
#include "kernels/loops/transpose.hpp"
#include "xgrad/core/threads.hpp"

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
    transpose_plane(to, i.to, from, j.from, i.size, j.size);
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

/// Cuts the outermost axis where there is much to copy.
template <class T>
void LayoutCopy::run_in_blocks(T* to, const T* from) const {
  std::int64_t inner = 1;
  for (int k = 1; k < rank_; ++k) inner *= axes_[k].size;
  if (rank_ == 0 || axes_[0].size * inner <= large_work) return run_as(to, from);
  constexpr std::int64_t tile = 64;  // of a transposition
  const std::int64_t size = std::max<std::int64_t>(block_elements / inner, 1);
  parallel_for(axes_[0].size, size < tile ? size : size / tile * tile,
               [&](std::int64_t first, std::int64_t last) {
                 LayoutCopy part = *this;
                 part.axes_[0].size = last - first;
                 part.run_as(to + first * axes_[0].to, from + first * axes_[0].from);
               });
}

void LayoutCopy::run(DType dtype, void* to, std::int64_t to_first, const void* from,
                     std::int64_t from_first) const {
  if (empty_) return;
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    run_in_blocks(static_cast<T*>(to) + to_first, static_cast<const T*>(from) + from_first);
  });
}

}  // namespace xgrad::detail
