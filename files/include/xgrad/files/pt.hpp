#pragma once

#include <string>

#include "xgrad/core/state/state_dict.hpp"

namespace xgrad::files {

/// Reads what PyTorch's `torch.save` wrote of state dicts, `.pt` or `.pth`: torch.save(model.state_dict(),
/// path), or a dict of such dicts, numbers and texts, as checkpoints are.
///
/// What lies in one another is named by dotted paths, dicts by their keys (texts and integers), lists and
/// tuples by places: "optimizer.param_groups.0.lr". Tensors become those of read_npy's dtypes, bfloat16
/// becomes float32; tensors that share elements in the file share them here if they are contiguous, others
/// are copies. None is left out.
///
///     load_state_dict(model, files::read_pt("model.pt"));
///
/// The file's pickle is read by an interpreter that knows how a state dict is written and runs nothing: a
/// name of any other class or function is an Error, which says it. Throws Error too, naming the file and the
/// place, for a damaged archive, tensors whose elements lie outside their storage, dtypes that xgrad has no
/// room for, two values of one name, and what PyTorch before 1.6 or torch.jit.save wrote.
StateDict read_pt(const std::string& path);

}  // namespace xgrad::files
