#include "xgrad/onnx/save.hpp"

#include <algorithm>
#include <cstring>

#include "export/model.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/index.hpp"
#include "xgrad/core/tape.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::onnx {

namespace {

using namespace detail;

[[noreturn]] void fail(const std::string& what) { throw Error("onnx::save: " + what); }

std::string serialized(const ::onnx::ModelProto& model) {
  constexpr std::size_t most = (std::size_t{1} << 31) - 1;
  if (model.ByteSizeLong() > most)
    fail("a file of ONNX has fewer than 2^31 bytes, and this would have " +
         std::to_string(model.ByteSizeLong()) + "; save the weights by files::save, or the model in parts");
  std::string bytes;
  if (!model.SerializeToString(&bytes)) fail("the model could not be put into bytes; please report it");
  return bytes;
}

bool same_constant(const Tensor& a, const Tensor& b) {
  if (a.defined() != b.defined()) return false;
  if (!a.defined() || a.node() == b.node()) return true;
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  const auto bits = [&](const auto x, const auto y) {
    return x.empty() || std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
  };
  if (a.dtype() == float32) return bits(a.data<float>(), b.data<float>());
  if (a.dtype() == float64) return bits(a.data<double>(), b.data<double>());
  if (a.dtype() == int64) return bits(a.data<std::int64_t>(), b.data<std::int64_t>());
  return bits(a.data<bool>(), b.data<bool>());
}

/// Two traces must be of one function, whatever the size of the batch.
void check_alike(const Program& a, const Program& b) {
  const auto differ = [](const std::string& what) {
    fail("the function computes something else for another batch: " + what +
         "; save with {.dynamic_batch = false}, or compute with the sizes of x instead");
  };
  for (std::size_t k = 0; k < std::min(a.calls().size(), b.calls().size()); ++k) {
    const Program::Call &x = a.calls()[k], &y = b.calls()[k];
    if (x.op != y.op || x.inputs != y.inputs || x.outputs != y.outputs)
      differ("call " + std::to_string(k) + " is of " + x.op + " for one and of " + y.op + " for the other");
  }
  if (a.calls().size() != b.calls().size() || a.values().size() != b.values().size() ||
      a.inputs() != b.inputs() || a.outputs() != b.outputs())
    differ("it has " + std::to_string(a.calls().size()) + " calls for one and " +
           std::to_string(b.calls().size()) + " for the other");
  for (std::size_t i = 0; i < a.values().size(); ++i)
    if (!same_constant(a.values()[i].constant, b.values()[i].constant))
      differ("a constant is " + a.values()[i].constant.describe() + " for one and " +
             b.values()[i].constant.describe() + ", or of other values, for the other");
}

/// The sizes of the batch in two programs: those of the first input whose shapes differ.
Source source_of(const Program& a, const Program& b) {
  check_alike(a, b);
  for (std::size_t at : a.inputs()) {
    const Shape &x = a.values()[at].shape, &y = b.values()[at].shape;
    for (int i = 0; i < std::min(x.rank(), y.rank()); ++i)
      if (x[i] != y[i] && x[i] > 0 && y[i] > 0) return {a, &b, x[i], y[i]};
  }
  fail("the inputs of both programs have the same sizes; trace one of them with another batch");
}

/// The axis of the batch in each input; -1 for none.
std::vector<int> batch_axes(const std::vector<Tensor>& inputs, const SaveOptions& options) {
  if (!options.batch_axes.empty() && options.batch_axes.size() != inputs.size())
    fail("batch_axes must have a number for each of the " + std::to_string(inputs.size()) +
         " inputs: it has " + std::to_string(options.batch_axes.size()));
  std::vector<int> axes;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const int rank = inputs[k].dim();
    const int axis = options.batch_axes.empty() ? (rank > 0 ? 0 : -1) : options.batch_axes[k];
    if (axis >= rank || axis < -1)
      fail("input " + std::to_string(k) + " has no axis " + std::to_string(axis) + " for the batch: it is " +
           inputs[k].describe() + "; axes are 0 to " + std::to_string(rank - 1) + ", and -1 is none");
    axes.push_back(axis);
  }
  return axes;
}

/// The inputs with a batch of n, whose entries are those of the example again and again.
std::vector<Tensor> with_batch(const std::vector<Tensor>& inputs, const std::vector<int>& axes,
                               std::int64_t n) {
  std::vector<Tensor> x = inputs;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (axes[k] < 0) continue;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i) % x[k].size(axes[k]);
    x[k] = index_select(x[k], axes[k], tensor(rows)).detach();
  }
  return x;
}

/// The size of the batch of the example; 0 where no input has one.
std::int64_t batch_of(const std::vector<Tensor>& inputs, const std::vector<int>& axes) {
  std::int64_t batch = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (axes[k] < 0) continue;
    const std::int64_t n = inputs[k].size(axes[k]);
    if (n < 1 || (batch != 0 && n != batch))
      fail("the inputs must have one batch of at least 1: input " + std::to_string(k) + " is " +
           inputs[k].describe() + "; name its axis by {.batch_axes}, or -1 where it has none");
    batch = n;
  }
  return batch;
}

}  // namespace

std::string detail::bytes_of(const TensorFunction& f, const std::vector<Tensor>& inputs,
                             const SaveOptions& options) {
  const NoGrad guard;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (!inputs[k].defined()) fail("input " + std::to_string(k) + " is undefined; leave it out");
  if (!options.dynamic_batch) return to_bytes(trace(f, inputs), options);
  const std::vector<int> axes = batch_axes(inputs, options);
  const std::int64_t batch = batch_of(inputs, axes);
  if (batch == 0) return to_bytes(trace(f, inputs), options);
  // Of 1 the function might make something else, since it broadcasts.
  const std::int64_t n = std::max<std::int64_t>(batch, 2);
  return to_bytes(trace(f, with_batch(inputs, axes, n)), trace(f, with_batch(inputs, axes, n + 1)), options);
}

void detail::save(const std::string& path, const TensorFunction& f, const std::vector<Tensor>& inputs,
                  const SaveOptions& options) {
  const std::string bytes = bytes_of(f, inputs, options);
  xgrad::detail::WholeFile file("onnx::save", path);
  file.write(bytes);
  file.finish();
}

std::string to_bytes(const Program& program, const SaveOptions& options) {
  return serialized(model_of(Source{program}, options));
}
std::string to_bytes(const Program& program, const Program& other, const SaveOptions& options) {
  return serialized(model_of(source_of(program, other), options));
}

void save(const std::string& path, const Program& program, const SaveOptions& options) {
  const std::string bytes = to_bytes(program, options);
  xgrad::detail::WholeFile file("onnx::save", path);
  file.write(bytes);
  file.finish();
}
void save(const std::string& path, const Program& program, const Program& other, const SaveOptions& options) {
  const std::string bytes = to_bytes(program, other, options);
  xgrad::detail::WholeFile file("onnx::save", path);
  file.write(bytes);
  file.finish();
}

}  // namespace xgrad::onnx
