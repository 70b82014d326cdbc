// RUN: not qtc-opt %s -qtrain-apply-wage="weight-bits=1" 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -qtrain-apply-wage="activation-bits=9" 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -qtrain-apply-wage="weight-bits=4 storage-bits=3" 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -qtrain-apply-wage="error-bits=17" 2>&1 | FileCheck %s
// CHECK: error: expected kW and kA from 2 to 8, kG from kW to 16 and kE from 2 to 16, but got

module {}
