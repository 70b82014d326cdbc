//===- ShapeInference.h - Shapes behind refused nodes -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A check goes on after a node that is not supported if the shapes of its
// outputs are known. The rules are those of the ONNX library. It sees one node
// at a time, with the shapes of its inputs and the elements of small constants,
// and no subgraph or function: files are not trusted, and the library is not
// made for that.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_SHAPE_INFERENCE_H
#define QTC_IMPORT_ONNX_SHAPE_INFERENCE_H

#include "compiler/Import/ONNX/NodeContext.h"

namespace qtc::onnx_import {

/// The shapes of the outputs of a node that was refused, one entry for each.
/// Entries of outputs that are no floats or whose shape is not known are empty.
std::vector<std::optional<Shape>> inferRefusedShapes(NodeContext &node);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_SHAPE_INFERENCE_H
