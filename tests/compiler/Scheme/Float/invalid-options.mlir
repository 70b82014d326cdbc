// RUN: not qtc-opt %s -qtrain-apply-float="momentum=1" 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -qtrain-apply-float="momentum=-0.5" 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -qtrain-apply-float="weight-decay=-1" 2>&1 | FileCheck %s
// CHECK: error: expected a momentum in [0, 1) and a weight decay that is not negative

module {}
