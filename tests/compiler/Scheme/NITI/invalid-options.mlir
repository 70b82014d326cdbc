// RUN: not qtc-opt %s -qtrain-generate-backward=loss=sse -qtrain-apply-niti 2>&1 | FileCheck %s --check-prefix=SSE
// RUN: not qtc-opt %s -qtrain-apply-niti=weight-bits=12 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not qtc-opt %s -qtrain-apply-niti=error-bits=12 2>&1 | FileCheck %s --check-prefix=ERRORS
// RUN: not qtc-opt %s -qtrain-apply-niti=norm-bits=4 2>&1 | FileCheck %s --check-prefix=NORMS
// RUN: not qtc-opt %s -qtrain-apply-niti=output-headroom=8 2>&1 | FileCheck %s --check-prefix=ROOM
// RUN: not qtc-opt %s -qtrain-apply-niti=loss=exact 2>&1 | FileCheck %s --check-prefix=LOSS

// The scheme knows one loss.

// SSE: error: scheme niti defines no other loss of classes than cross-entropy; use --loss=cross-entropy

// Two storage widths.

// BITS: error: expected 8 or 16 weight bits, but got

// Two widths of errors.

// ERRORS: error: expected 8 or 16 error bits, but got

// Bits that a mantissa has.

// ROOM: error: expected a headroom from 0 to 7, but got 8

// Two widths of normalizations.

// NORMS: error: expected 8 or 16 bits of normalizations, but got

// Two forms of its softmax.

// LOSS: Cannot find option named 'exact'
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w}) -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
