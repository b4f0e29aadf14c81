#include "npy_array.hpp"

#include <algorithm>
#include <numeric>

#include "npy_header.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad::files {
namespace {

constexpr std::size_t bytes_of_a_part = 1u << 16;

std::uint64_t bytes_behind_header(const ByteSource& source, std::uint64_t header) {
  return source.size() - std::min(source.size(), header);
}

std::string_view bytes_of(const Tensor& x) {
  const auto view = [](auto elements) {
    return std::string_view(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  if (x.dtype() == float32) return view(x.data<float>());
  if (x.dtype() == float64) return view(x.data<double>());
  if (x.dtype() == int64) return view(x.data<std::int64_t>());
  return view(x.data<bool>());
}

/// The elements of an array whose first index runs fastest are those of its transpose, row by row.
Tensor transposed(const Tensor& x) {
  std::vector<int> axes(static_cast<std::size_t>(x.dim()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return x.permute(axes);
}

}  // namespace

Tensor read_npy_array(ByteSource& source) {
  const NoGrad guard;
  const auto [code, fortran_order, shape, header_bytes] = read_npy_header(source);
  const std::uint64_t needed = byte_count(source, shape, code);
  const std::uint64_t there = bytes_behind_header(source, header_bytes);
  if (needed != there)
    source.fail("the header says shape " + shape.str() + " of " + std::to_string(code.bytes) +
                " bytes each, " + std::to_string(needed) + " bytes, and " + std::to_string(there) +
                " bytes follow; get the file again, or save one array in a file");
  Shape stored = shape;
  if (fortran_order) std::reverse(stored.begin(), stored.end());
  const Tensor x = read_elements(source, stored, code);
  return fortran_order && shape.rank() > 1 ? transposed(x) : x;
}

void write_npy_array(const char* op, const Tensor& tensor,
                     const std::function<void(std::string_view)>& write) {
  write(npy_header(tensor.dtype(op), tensor.shape(op)));
  for (std::string_view rest = bytes_of(tensor); !rest.empty();) {
    const std::string_view part = rest.substr(0, bytes_of_a_part);
    write(part);
    rest.remove_prefix(part.size());
  }
}

}  // namespace xgrad::files
