//===- NodeLocationTest.cpp - What users read of a diagnostic -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/NodeLocation.h"

#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace mlir;

/// The text for users of an error that says `message`.
static std::string show(const std::string &message) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    text = qtc::getUserText(diagnostic);
    return success();
  });
  Location loc = qtc::getNodeLocation(&context, "bn1", "BatchNormalization");
  emitError(loc, message);
  return text;
}

TEST(UserText, NamesNoOperation) {
  EXPECT_EQ(show("'qtrain.batch_norm_training' op has no kernel for its "
                 "operands"),
            "has no kernel for its operands");
  EXPECT_EQ(show("'arith.sitofp' op expected no float type"),
            "expected no float type");
  EXPECT_EQ(show("failed to legalize operation 'qtrain.batch_norm_training' "
                 "that was explicitly marked illegal"),
            "the compiler has no rule for this operator and its operands");
}

TEST(UserText, KeepsNamesOfTheUser) {
  for (const char *message :
       {"parameter 'w' is used by several nodes", "'my net' op is not here",
        "expected finite values of parameter 'a.b'"})
    EXPECT_EQ(show(message), message);
}
