#include "xgrad/core/ops/index.hpp"

#include <numeric>

#include "import/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/compare.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/shape.hpp"

// What takes an index.

namespace xgrad::onnx::detail {

namespace {

/// Indices of an axis with n entries, of which negative ones count from the end.
Tensor from_start(const Tensor& index, std::int64_t n) { return where(lt(index, 0), add(index, n), index); }

Tensors gathered(const NodeCall& c) {
  const Tensor &x = c.x(0), &index = c.x(1);
  const int axis = c.axis("axis", 0, x.dim());
  const Tensor flat = from_start(reshape(index, {index.numel()}), x.size(axis));
  Shape shape;
  for (int i = 0; i < x.dim(); ++i)
    if (i == axis)
      for (int k = 0; k < index.dim(); ++k) shape.push_back(index.size(k));
    else
      shape.push_back(x.size(i));
  return one(reshape(index_select(x, axis, flat), shape));
}

Tensors gathered_elements(const NodeCall& c) {
  const int axis = c.axis("axis", 0, c.x(0).dim());
  return one(gather(c.x(0), axis, from_start(c.x(1), c.x(0).size(axis))));
}

Tensors scattered_elements(const NodeCall& c) {
  const int axis = c.axis("axis", 0, c.x(0).dim());
  const Tensor index = from_start(c.x(1), c.x(0).size(axis));
  const std::string how = c.text("reduction", "none");
  if (how == "add") return one(scatter_add(c.x(0), axis, index, c.x(2)));
  if (how != "none")
    c.fail("the reduction must be none or add: it is " + how + "; export the model without it");
  return one(scatter(c.x(0), axis, index, c.x(2)));
}

/// The places in the first axes of x, made one, that rows of an index name.
struct Places {
  Tensor flat;             // int64[rows of the index]
  Shape rows, rest;        // sizes of the index without its last, and of x behind the axes
  std::int64_t named = 1;  // the product of the axes
};
Places places_of(const NodeCall& c, const Tensor& x, const Tensor& index, int behind) {
  if (index.dim() < 1 || index.size(-1) > x.dim() - behind)
    c.fail("an index must not have more numbers than x axes: x is " + x.describe() + ", the index is " +
           index.describe());
  const int axes = static_cast<int>(index.size(-1));
  Places p;
  for (int i = 0; i + 1 < index.dim(); ++i) p.rows.push_back(index.size(i));
  for (int i = behind + axes; i < x.dim(); ++i) p.rest.push_back(x.size(i));
  const Tensor table = reshape(index, {p.rows.numel(), index.size(-1)});
  p.flat = zeros({p.rows.numel()}, int64);
  for (int i = 0; i < axes; ++i) {
    const std::int64_t n = x.size(behind + i);
    const Tensor column = table.slice(1, i, i + 1).reshape({p.rows.numel()}), at = from_start(column, n);
    if (column.numel() > 0 && (min(at).item<std::int64_t>() < 0 || max(at).item<std::int64_t>() >= n))
      c.fail("an index must lie in axis " + std::to_string(behind + i) + " of " + x.describe());
    p.flat = add(mul(p.flat, n), at), p.named *= n;
  }
  return p;
}
Shape joined(const Shape& a, const Shape& b) {
  Shape all = a;
  for (std::int64_t n : b) all.push_back(n);
  return all;
}

Tensors gathered_nd(const NodeCall& c) {
  const Tensor &x = c.x(0), &index = c.x(1);
  const auto batches = static_cast<int>(c.integer("batch_dims", 0));
  if (batches < 0 || batches >= index.dim() || batches >= x.dim())
    c.fail("batch_dims must be below the ranks: x is " + x.describe() + ", the index is " + index.describe());
  std::int64_t count = 1;
  Shape batch;
  for (int i = 0; i < batches; ++i) count *= x.size(i), batch.push_back(x.size(i));
  const Places p = places_of(c, x, index, batches);
  // Each batch has its own rows, one behind another.
  const std::int64_t each = count == 0 ? 0 : p.flat.numel() / count;
  const Tensor of_batch = mul(reshape(arange(count), {count, 1}), p.named);
  const Tensor flat = reshape(add(reshape(p.flat, {count, each}), of_batch), {p.flat.numel()});
  const Tensor rows = reshape(x, {count * p.named, p.rest.numel()});
  return one(reshape(index_select(rows, 0, flat), joined(p.rows, p.rest)));
}

Tensors scattered_nd(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const Places p = places_of(c, x, c.x(1), 0);
  const std::string how = c.text("reduction", "none");
  const Tensor rows = reshape(x, {p.named, p.rest.numel()}),
               values = reshape(c.x(2), {p.flat.numel(), p.rest.numel()});
  const Tensor index = expand(reshape(p.flat, {p.flat.numel(), 1}), values.shape());
  if (how != "none" && how != "add")
    c.fail("the reduction must be none or add: it is " + how + "; export the model without it");
  const Tensor y = how == "add" ? scatter_add(rows, 0, index, values) : scatter(rows, 0, index, values);
  return one(reshape(y, x.shape()));
}

Tensors one_hot_rows(const NodeCall& c) {
  const auto depth = static_cast<std::int64_t>(c.x(1).item());
  const Tensor index = c.x(0).to(int64), values = c.x(2);
  const int axis = c.axis("axis", -1, index.dim() + 1);
  const Tensor at = unsqueeze(from_start(index, depth), -1);
  const Tensor hot = movedim(eq(at, arange(depth)), {-1}, {axis});
  const Tensor off = select(values, 0, 0), on = select(values, 0, 1);
  if (values.dtype() == boolean) return one(where(hot, on.to(int64), off.to(int64)).to(boolean));
  return one(where(hot, on, off));
}

Tensors places_of_nonzero(const NodeCall& c) { return one(permute(nonzero(c.x(0)), {1, 0})); }

Tensors compressed(const NodeCall& c) {
  const Tensor& x = c.x(0);
  const Tensor at = reshape(nonzero(c.x(1)), {-1});
  if (!c.has_attribute("axis")) return one(index_select(reshape(x, {x.numel()}), 0, at));
  return one(index_select(x, c.axis("axis", 0, x.dim()), at));
}

/// The first so many steps of each sequence in the other order.
Tensors reversed(const NodeCall& c) {
  const Tensor &x = c.x(0), lengths = c.x(1);
  const int batch_axis = static_cast<int>(c.integer("batch_axis", 1)),
            time_axis = static_cast<int>(c.integer("time_axis", 0));
  if (x.dim() < 2 || batch_axis + time_axis != 1 || batch_axis * time_axis != 0)
    c.fail("the axes of time and of the batch must be the first two: x is " + x.describe());
  const Tensor y = time_axis == 0 ? x : transpose(x, 0, 1);
  const std::int64_t steps = y.size(0);
  const Tensor at = unsqueeze(arange(steps), 1), n = unsqueeze(lengths, 0);
  const Tensor from = where(lt(at, n), sub(sub(n, 1), at), at);  // [steps, batch]
  Shape wide = from.shape();
  while (wide.rank() < y.dim()) wide.push_back(1);
  const Tensor z = gather(y, 0, expand(reshape(from, wide), y.shape()));
  return one(time_axis == 0 ? z : transpose(z, 0, 1));
}

}  // namespace

void add_indexing(ImportTable& t) {
  t["Gather"] = gathered, t["GatherElements"] = gathered_elements, t["GatherND"] = gathered_nd;
  t["ScatterElements"] = scattered_elements, t["Scatter"] = scattered_elements, t["ScatterND"] = scattered_nd;
  t["OneHot"] = one_hot_rows, t["NonZero"] = places_of_nonzero, t["Compress"] = compressed;
  t["ReverseSequence"] = reversed;
}

}  // namespace xgrad::onnx::detail
