#include "registry.hpp"

namespace golden {

using namespace xgrad;

namespace {

static constexpr Names shape_names = {"shape", "size", "sizes"};

int number(const Arguments& a, Names names, int otherwise) {
  return static_cast<int>(a.integer(names, otherwise));
}

Shape shape_of(const Arguments& a, Names names = shape_names) {
  if (!a.has(names)) throw Unknown{"there is no shape"};
  return a.list(names);
}

void add_views(Registry& r) {
  r["reshape"] = [](const Arguments& a) { return reshape(a.input(0), shape_of(a)); };
  r["view"] = [](const Arguments& a) { return view(a.input(0), shape_of(a)); };
  r["flatten"] = [](const Arguments& a) {
    return flatten(a.input(0), number(a, {"start_dim", "start"}, 0), number(a, {"end_dim", "end"}, -1));
  };
  r["unflatten"] = [](const Arguments& a) {
    return unflatten(a.input(0), a.axis(0), shape_of(a, {"sizes", "unflattened_size", "shape"}));
  };
  r["unsqueeze"] = [](const Arguments& a) { return unsqueeze(a.input(0), number(a, {"dim", "axis"}, 0)); };
  r["squeeze"] = [](const Arguments& a) {
    return a.has({"dim", "axis"}) ? squeeze(a.input(0), a.axis(0)) : squeeze(a.input(0));
  };
}

void add_orders(Registry& r) {
  r["transpose"] = [](const Arguments& a) {
    return transpose(a.input(0), number(a, {"dim0", "axis0"}, 0), number(a, {"dim1", "axis1"}, 1));
  };
  r["permute"] = [](const Arguments& a) { return permute(a.input(0), a.axes({"dims", "dim", "axes"})); };
  r["movedim"] = [](const Arguments& a) {
    return movedim(a.input(0), a.axes({"source"}), a.axes({"destination"}));
  };
  r["flip"] = [](const Arguments& a) { return flip(a.input(0), a.axes({"dims", "dim", "axes", "axis"})); };
  r["roll"] = [](const Arguments& a) -> Tensor {
    const auto shifts = a.list({"shifts", "shift"});
    const auto dims = a.list({"dims", "dim", "axes", "axis"});
    if (shifts.empty()) throw Unknown{"there are no shifts"};
    if (dims.empty()) return roll(a.input(0), shifts[0]);
    return roll(a.input(0), shifts, std::vector<int>(dims.begin(), dims.end()));
  };
}

void add_copies(Registry& r) {
  r["expand"] = [](const Arguments& a) { return expand(a.input(0), shape_of(a)); };
  r["broadcast_to"] = [](const Arguments& a) { return broadcast_to(a.input(0), shape_of(a)); };
  r["repeat"] = [](const Arguments& a) {
    return repeat(a.input(0), shape_of(a, {"repeats", "sizes", "dims"}));
  };
  r["tile"] = [](const Arguments& a) { return tile(a.input(0), shape_of(a, {"dims", "repeats", "reps"})); };
  r["clone"] = [](const Arguments& a) { return a.input(0).clone(); };
}

void add_joins(Registry& r) {
  r["cat"] = [](const Arguments& a) { return cat(a.inputs(), a.axis(0)); };
  r["stack"] = [](const Arguments& a) { return stack(a.inputs(), a.axis(0)); };
  r["meshgrid"] = [](const Arguments& a) {
    if (a.text({"indexing"}, "ij") != "ij") throw Unknown{"meshgrid with another indexing than ij"};
    return meshgrid(a.inputs());
  };
  r["split"] = [](const Arguments& a) {
    static constexpr Names sizes = {"split_size_or_sections", "split_sizes", "sizes", "sections"};
    static constexpr Names size = {"split_size", "size"};
    if (a.has(size)) return split(a.input(0), a.integer(size), a.axis(0));
    const auto parts = a.list(sizes);
    if (parts.empty()) throw Unknown{"there are no sizes"};
    return parts.size() == 1 ? split(a.input(0), parts[0], a.axis(0)) : split(a.input(0), parts, a.axis(0));
  };
  r["chunk"] = [](const Arguments& a) { return chunk(a.input(0), a.integer({"chunks", "n"}), a.axis(0)); };
  r["unbind"] = [](const Arguments& a) { return unbind(a.input(0), a.axis(0)); };
}

Tensor padded(const Arguments& a) {
  const std::string name = a.text({"mode"}, "constant");
  const PadMode mode = name == "constant"    ? PadMode::constant
                       : name == "reflect"   ? PadMode::reflect
                       : name == "replicate" ? PadMode::replicate
                       : name == "circular"  ? PadMode::circular
                                             : throw Unknown{"pad mode " + name};
  const auto pads = a.list({"pad", "pads", "padding"});
  if (pads.empty()) throw Unknown{"there is no pad"};
  return pad(a.input(0), pads, mode, a.number({"value"}, 0));
}

void add_parts(Registry& r) {
  r["slice"] = [](const Arguments& a) {
    return slice(a.input(0), a.axis(0), a.integer({"start"}, 0),
                 a.integer({"stop", "end"}, Tensor::end_of_axis), a.integer({"step"}, 1));
  };
  r["select"] = [](const Arguments& a) { return select(a.input(0), a.axis(0), a.integer({"index", "i"})); };
  r["narrow"] = [](const Arguments& a) {
    return narrow(a.input(0), a.axis(0), a.integer({"start"}), a.integer({"length"}));
  };
  r["pad"] = padded;
  static constexpr Names offset = {"diagonal", "offset", "k"};
  r["diag"] = [](const Arguments& a) { return diag(a.input(0), number(a, offset, 0)); };
  r["diagonal"] = [](const Arguments& a) {
    return diagonal(a.input(0), number(a, offset, 0), number(a, {"dim1", "axis1"}, 0),
                    number(a, {"dim2", "axis2"}, 1));
  };
  r["diag_embed"] = [](const Arguments& a) {
    return diag_embed(a.input(0), number(a, offset, 0), number(a, {"dim1", "axis1"}, -2),
                      number(a, {"dim2", "axis2"}, -1));
  };
  r["tril"] = [](const Arguments& a) { return tril(a.input(0), number(a, offset, 0)); };
  r["triu"] = [](const Arguments& a) { return triu(a.input(0), number(a, offset, 0)); };
}

}  // namespace

void add_shapes(Registry& r) {
  add_views(r);
  add_orders(r);
  add_copies(r);
  add_joins(r);
  add_parts(r);
}

}  // namespace golden
