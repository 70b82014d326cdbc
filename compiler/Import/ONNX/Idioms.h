//===- Idioms.h - Functions that exporters take apart -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_IDIOMS_H
#define QTC_IMPORT_ONNX_IDIOMS_H

namespace qtc::onnx_import {

class Model;

/// Exporters write functions without an operator in the model's operator set as
/// several nodes, such as x · Sigmoid(x) for Swish. Replaces the last node of
/// each such group by the function's own operator. The others are left without
/// a user, unless they have further ones. The nodes must be in an order of
/// execution; which of them are live is not known yet.
void recognizeIdioms(Model &model);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_IDIOMS_H
