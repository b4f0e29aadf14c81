#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>
#pragma GCC diagnostic pop

#include "export/model.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::onnx::detail {

void check_model(const ::onnx::ModelProto& model) {
  try {
    ::onnx::checker::check_model(model);
    ::onnx::ModelProto inferred = model;  // which gets the shapes
    ::onnx::shape_inference::InferShapes(inferred, ::onnx::OpSchemaRegistry::Instance(),
                                         ::onnx::ShapeInferenceOptions(true, 1, true));
  } catch (const std::exception& e) {
    throw Error(
        std::string(
            "onnx::save: ONNX refuses what was written, which is a fault of xgrad; please report it: ") +
        e.what());
  }
}

}  // namespace xgrad::onnx::detail
