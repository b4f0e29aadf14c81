#include "export/call.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

// Convolutions, pooling and patches.

namespace xgrad::onnx::detail {

namespace {

using List = std::vector<std::int64_t>;

/// The same number before and behind each axis.
List both_sides(const List& padding) { return {padding[0], padding[1], padding[0], padding[1]}; }

NodeAttributes window(const ExportedCall& c, const List& kernel) {
  return {{"kernel_shape", kernel},
          {"strides", c.list("stride")},
          {"pads", both_sides(c.list("padding"))},
          {"dilations", c.list("dilation")}};
}
List kernel_of_weight(const ExportedCall& c) { return {c.shape(1)[2], c.shape(1)[3]}; }

/// The bias as a vector, which the op has as [channels, 1, 1].
std::string bias_of(ExportedCall& c) {
  const std::size_t bias = c.call().inputs.at(2);
  for (const Program::Call& made : c.program().calls())
    if (made.op == "reshape" && made.outputs[0] == bias && c.value(made.inputs[0]).shape.rank() == 1)
      return c.name_of(made.inputs[0]);
  return c.graph.reshape(c.x(2), {{-1}});
}

/// The tensor of three axes that a call has with a fourth of size 1, as conv1d makes it; SIZE_MAX for none.
std::size_t of_one_axis(const ExportedCall& c, std::size_t i) {
  for (const Program::Call& made : c.program().calls()) {
    if (made.op != "reshape" || made.outputs[0] != c.call().inputs[i]) continue;
    const Shape &wide = c.shape(i), &line = c.value(made.inputs[0]).shape;
    if (line.rank() == 3 && wide[2] == 1 && line[0] == wide[0] && line[1] == wide[1]) return made.inputs[0];
  }
  return SIZE_MAX;
}

/// A convolution along one axis, as one node of ONNX's own kind.
bool give_line_conv(ExportedCall& c) {
  const std::size_t x = of_one_axis(c, 0), weight = of_one_axis(c, 1);
  if (x == SIZE_MAX || weight == SIZE_MAX || c.list("padding")[0] != 0) return false;
  const auto last = [&](const char* name) { return c.list(name)[1]; };
  const NodeAttributes a = {{"kernel_shape", List{c.shape(1)[3]}},
                            {"strides", List{last("stride")}},
                            {"pads", List(2, last("padding"))},
                            {"dilations", List{last("dilation")}},
                            {"group", c.integer("groups")}};
  const Names inputs = {c.name_of(x), c.name_of(weight), c.inputs() > 2 ? bias_of(c) : ""};
  c.give(c.graph.unsqueeze(c.graph.add("Conv", inputs, a), {2}));
  return true;
}

void conv(ExportedCall& c) {
  if (give_line_conv(c)) return;
  NodeAttributes a = window(c, kernel_of_weight(c));
  a.push_back({"group", c.integer("groups")});
  c.give(c.graph.add("Conv", {c.x(0), c.x(1), c.inputs() > 2 ? bias_of(c) : ""}, a));
}

/// How much larger the result is than what the windows make of n entries.
std::int64_t output_padding(std::int64_t result, std::int64_t n, std::int64_t kernel, std::int64_t stride,
                            std::int64_t padding, std::int64_t dilation) {
  return result - ((n - 1) * stride + dilation * (kernel - 1) + 1 - 2 * padding);
}

NodeAttributes transposed_window(const ExportedCall& c, const Shape& image, const Shape& result,
                                 const List& kernel) {
  NodeAttributes a = window(c, kernel);
  const List stride = c.list("stride"), padding = c.list("padding"), dilation = c.list("dilation");
  List more;
  for (std::size_t i = 0; i < 2; ++i) {
    const int axis = 2 + static_cast<int>(i);
    more.push_back(output_padding(result[axis], image[axis], kernel[i], stride[i], padding[i], dilation[i]));
  }
  a.push_back({"output_padding", more});
  return a;
}

void conv_transpose(ExportedCall& c) {
  NodeAttributes a = transposed_window(c, c.shape(0), c.result_shape(), kernel_of_weight(c));
  a.push_back({"group", c.integer("groups")});
  c.give(c.graph.add("ConvTranspose", {c.x(0), c.x(1)}, a));
}

void max_pool(ExportedCall& c) { c.give(c.graph.add("MaxPool", {c.x(0)}, window(c, c.list("kernel_size")))); }

void average_pool(ExportedCall& c) {
  NodeAttributes a = window(c, c.list("kernel_size"));
  a.pop_back();  // has no dilation
  a.push_back({"count_include_pad", std::int64_t{c.flag("count_include_pad")}});
  c.give(c.graph.add("AveragePool", {c.x(0)}, a));
}

/// Kernels of which each takes one pixel of its window, for every channel.
std::string pixel_kernels(ExportedCall& c, std::int64_t channels, const List& kernel) {
  const NoGrad guard;
  const std::int64_t area = kernel[0] * kernel[1];
  const Tensor one = eye(area, {.dtype = c.dtype(0)});
  Tensor all = zeros({channels * area, 1, kernel[0], kernel[1]}, c.dtype(0));
  for (std::int64_t i = 0; i < channels; ++i)
    all.slice(0, i * area, (i + 1) * area).copy_(one.reshape({area, 1, kernel[0], kernel[1]}));
  return c.graph.constant(all);
}

void unfold(ExportedCall& c) {
  const List kernel = c.list("kernel_size");
  const std::int64_t channels = c.shape(0)[1];
  NodeAttributes a = window(c, kernel);
  a.push_back({"group", channels});
  c.give(
      c.graph.reshape(c.graph.add("Conv", {c.x(0), pixel_kernels(c, channels, kernel)}, a), c.result_dims()));
}

void fold(ExportedCall& c) {
  // The transpose of unfold.
  const List kernel = c.list("kernel_size"), stride = c.list("stride"), padding = c.list("padding"),
             dilation = c.list("dilation");
  const Shape& result = c.result_shape();
  const auto places = [&](std::size_t i) {
    return (result[2 + static_cast<int>(i)] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) /
               stride[i] +
           1;
  };
  const Dims columns = c.dims(0);
  const Dims planes = {columns[0], columns[1], {places(0)}, {places(1)}};
  const Shape image{1, 1, places(0), places(1)};
  NodeAttributes a = transposed_window(c, image, result, kernel);
  a.push_back({"group", result[1]});
  c.give(c.graph.add("ConvTranspose", {c.graph.reshape(c.x(0), planes), pixel_kernels(c, result[1], kernel)},
                     a));
}

}  // namespace

void add_images(ExportTable& table) {
  table["conv2d"] = conv, table["conv_transpose2d"] = conv_transpose;
  table["max_pool2d"] = max_pool, table["avg_pool2d"] = average_pool;
  table["unfold"] = unfold, table["fold"] = fold;
}

}  // namespace xgrad::onnx::detail
