#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "xgrad/core/function.hpp"
#include "xgrad/core/program.hpp"
#include "xgrad/core/state/visitor.hpp"

namespace xgrad::onnx {

/// What names and sizes a file has. Names that are left out are "input", "input_1", ... and "output", ...
struct SaveOptions {
  std::vector<std::string> input_names = {};
  std::vector<std::string> output_names = {};
  /// Off: the file is for the sizes of the example inputs only.
  bool dynamic_batch = true;
  /// The axis along which each input has the entries of the batch, -1 where it has none. Left out: 0 of every
  /// input that has axes.
  std::vector<int> batch_axes = {};
  /// The tensors that have a name of their own in the file, as `named_parameters` and `named_buffers` list
  /// them. Those that a model names in its `visit` are there already.
  std::vector<NamedTensor> weights = {};
};

namespace detail {
std::string bytes_of(const TensorFunction& f, const std::vector<Tensor>& inputs, const SaveOptions& options);
void save(const std::string& path, const TensorFunction& f, const std::vector<Tensor>& inputs,
          const SaveOptions& options);

/// f as a function of tensors, without a copy of it; the options with the names of what it visits.
template <class F>
TensorFunction referred(F& f) {
  const auto call = [&f](const auto&... x) -> decltype(f(x...)) { return f(x...); };
  return as_function(call, "onnx::save");
}
template <class F>
SaveOptions with_weights(F& f, SaveOptions options) {
  if constexpr (Visitable<std::remove_const_t<F>>)
    for (const Visitor::Slot& slot : Visitor::of(f).slots())
      if (const Tensor* t = slot.tensor(); t && t->defined()) options.weights.push_back({slot.path, *t});
  return options;
}
}  // namespace detail

/// Writes what f computes from inputs like these as a file of ONNX: opset 17 and IR version 8, as of 2022,
/// which onnxruntime and its like run. f is a model or any function of one to eight tensors, or of a vector
/// of them; call a model's eval() before.
///
///     onnx::save("net.onnx", net, {x});
///     onnx::save("net.onnx", [&](const Tensor& x) { return softmax(net(x), 1); }, {x},
///                {.weights = net.named_parameters()});
///
/// The tensors that f's `visit` names are initializers under these names; layers are one node where ONNX has
/// one. f is traced with two batches, of a row more and of a row less, so that the file is for batches of any
/// size: sizes that change with it are the batch's. What C++ decided by looking at values stays as decided.
///
/// The model is held against ONNX's checker and the shapes that it infers, and the file is there whole or not
/// at all. Throws Error, and changes nothing, for an op that ONNX cannot say, which it names, for a function
/// that computes something else for another batch, and what the system refuses.
template <class F>
void save(const std::string& path, F&& f, const std::vector<Tensor>& inputs,
          const SaveOptions& options = {}) {
  detail::save(path, detail::referred(f), inputs, detail::with_weights(f, options));
}
/// The same of what was traced before, for the sizes of its inputs.
void save(const std::string& path, const Program& program, const SaveOptions& options = {});
/// The same for batches of any size: `other` is the same function, traced with a batch of another size.
void save(const std::string& path, const Program& program, const Program& other,
          const SaveOptions& options = {});

/// What `save` writes, in memory.
template <class F>
std::string to_bytes(F&& f, const std::vector<Tensor>& inputs, const SaveOptions& options = {}) {
  return detail::bytes_of(detail::referred(f), inputs, detail::with_weights(f, options));
}
std::string to_bytes(const Program& program, const SaveOptions& options = {});
std::string to_bytes(const Program& program, const Program& other, const SaveOptions& options = {});

}  // namespace xgrad::onnx
