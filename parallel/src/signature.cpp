#include "signature.hpp"

#include <algorithm>

namespace xgrad::parallel::detail {

namespace {

constexpr const char* names[] = {"broadcast",      "all_reduce", "all_gather",
                                 "reduce_scatter", "barrier",    "send and receive"};
constexpr const char* reductions[] = {"sum", "mean", "max"};
constexpr const char* compressions[] = {"sum by float16", "sum by bfloat16", "sum of the largest", "sum"};

}  // namespace

std::string Signature::describe() const {
  std::string text = names[std::min<std::size_t>(static_cast<std::size_t>(kind), std::size(names) - 1)];
  if (kind == CallKind::barrier) return text;
  if (kind == CallKind::broadcast) text += " from rank " + std::to_string(option);
  if (kind == CallKind::all_reduce || kind == CallKind::reduce_scatter)
    text += std::string(" (") +
            (option < 8 ? reductions[std::min<std::uint32_t>(option, 2)]
                        : compressions[std::min<std::uint32_t>(option / 8, 4) - 1]) +
            ")";
  text += std::string(" of ") + name_of(static_cast<DType>(std::min<std::uint32_t>(dtype, 3))) + "[";
  for (int i = 0; i < std::min(axes, shown_axes); ++i) text += (i ? ", " : "") + std::to_string(sizes[i]);
  return text + (axes > shown_axes ? ", ...]" : "]");
}

Signature signature_of(CallKind kind, const Tensor& x, std::uint32_t option) {
  Signature s = {.kind = kind,
                 .dtype = static_cast<std::uint32_t>(x.dtype()),
                 .option = option,
                 .axes = x.dim(),
                 .elements = x.numel()};
  for (int i = 0; i < std::min(x.dim(), Signature::shown_axes); ++i) s.sizes[i] = x.shape()[i];
  return s;
}

}  // namespace xgrad::parallel::detail
