// RUN: qtc-opt %s -convert-contract-to-gpu=sm=70 -verify-diagnostics
// RUN: not qtc-opt %s -convert-contract-to-gpu=tiles=64x64:64x16/32x16/1 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not qtc-opt %s -convert-contract-to-gpu=tiles=64x64x-9:64x16/32x16/1 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not qtc-opt %s -convert-contract-to-gpu=tiles=64x64x9:64x16/32x16/2 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// RUN: not qtc-opt %s -convert-contract-to-gpu="sm=90 tiles=64x64x9:64x32/16x32" 2>&1 | FileCheck %s --check-prefix=WARPGROUP
// RUN: not qtc-opt %s -convert-contract-to-gpu=tiles=64x64x9 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not qtc-opt %s -convert-contract-to-gpu=tiles=64x64x9:64x16/32x16/1,64x64x9:64x32/32x16/1 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TWICE

// SHAPE: error: expected ROWSxCOLUMNSxSTEPS[+]:SCHEDULE, but got '64x64:64x16/32x16/1'
// EXTENT: error: expected ROWSxCOLUMNSxSTEPS[+]:SCHEDULE, but got '64x64x-9:64x16/32x16/1'
// SCHEDULE: error: contraction 64x64x9 on sm_80: expected one of 64x16/32x16/1, {{.*}}, but got '64x16/32x16/2'
// Tiles of warpgroups are sm_90a's.
// WARPGROUP: error: contraction 64x64x9 on sm_90: expected one of {{.*}}, but got '64x32/16x32'
// NOTHING: error: contraction 64x64x9 on sm_80: expected one of {{.*}}, but got ''
// TWICE: error: expected one schedule of contraction 64x64x9, but got another, '64x32/32x16/1'

// expected-error @below {{expected a known compute capability, but got 70}}
func.func @f() {
  return
}
