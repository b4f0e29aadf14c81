#include "xgrad/data/idx.hpp"

#include <algorithm>
#include <memory>

#include "idx_format.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad::data {

namespace {

// Fills x from the file, a part at a time, so that no second copy of the data ever exists.
template <class S, Element T>
void read_elements(Input& in, const Shape& shape, std::span<T> x) {
  using Bits = typename S::Bits;
  constexpr std::size_t part = 1u << 14;
  const auto buffer = std::make_unique<Byte[]>(part * sizeof(Bits));
  for (std::size_t done = 0; done < x.size();) {
    const std::size_t n = std::min(part, x.size() - done);
    const std::size_t got = in.read(buffer.get(), n * sizeof(Bits));
    if (got != n * sizeof(Bits))
      fail_idx_size(in, shape, sizeof(Bits),
                    "the file ends after " + std::to_string(done * sizeof(Bits) + got) + " bytes");
    convert<S>(buffer.get(), x.subspan(done, n));
    done += n;
  }
}

}  // namespace

Tensor read_idx(const std::string& path, std::optional<DType> dtype) {
  Input in("read_idx", path);
  const IdxHeader header = read_idx_header(in, dtype);
  Tensor x;
  try {
    x = empty(header.shape, {.dtype = header.as});
  } catch (const Error& e) {  // too many elements, or no memory for them
    const std::string what = e.what();
    in.fail(what.substr(what.find(": ") + 2));
  }
  with_stored_type(header.code, [&]<class S>(S) {
    if (header.as == float32) read_elements<S>(in, header.shape, x.mutable_data<float>());
    if (header.as == float64) read_elements<S>(in, header.shape, x.mutable_data<double>());
    if (header.as == int64) read_elements<S>(in, header.shape, x.mutable_data<std::int64_t>());
  });
  Byte more;
  if (in.read(&more, 1) != 0) fail_idx_size(in, header.shape, header.item, "more bytes follow them");
  return x;
}

}  // namespace xgrad::data
