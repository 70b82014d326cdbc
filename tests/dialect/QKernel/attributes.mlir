// Every attribute and every case of an enumeration prints as it parses.

// RUN: qtc-opt %s -allow-unregistered-dialect | qtc-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: "test.weight_order"()
// CHECK-SAME: [#qkernel.weight_order<forward_merged>, #qkernel.weight_order<forward>, #qkernel.weight_order<flipped>, #qkernel.weight_order<pointwise>, #qkernel.weight_order<forward_image>]
"test.weight_order"() {cases = [#qkernel.weight_order<forward_merged>, #qkernel.weight_order<forward>,
                                #qkernel.weight_order<flipped>, #qkernel.weight_order<pointwise>,
                                #qkernel.weight_order<forward_image>]} : () -> ()

// CHECK-LABEL: "test.contraction"()
// CHECK-SAME: #qkernel.contraction<rows = [8, 4, 4] strides[144, 24, 4], steps = [3, 3] a[24, 4] b[192, 64], columns = 16 panel 16 stride 576>
"test.contraction"() {value = #qkernel.contraction<rows = [8, 4, 4] strides [144, 24, 4],
                                                   steps = [3, 3] a [24, 4] b [192, 64],
                                                   columns = 16 panel 16 stride 576>} : () -> ()

// Strides of the result, offsets and groups

// CHECK-LABEL: "test.addresses"()
// CHECK-SAME: #qkernel.contraction<rows = [8, 4] strides[144, 4] result[256, 16], steps = [0] a[0] b[0], columns = 8 panel 16 stride 576 offsets[1, 2, 3, 4] groups = 2 strides[9, 8, 7]>}
"test.addresses"() {value = #qkernel.contraction<rows = [8, 4] strides [144, 4] result [256, 16],
                                                 steps = [0] a [0] b [0],
                                                 columns = 8 panel 16 stride 576 offsets [1, 2, 3, 4]
                                                 groups = 2 strides [9, 8, 7]>} : () -> ()

// One split is not printed, more are.

// CHECK-LABEL: "test.splits"()
// CHECK-SAME: stride 576>, {{.*}} stride 576, splits = 3>
"test.splits"() {
  one = #qkernel.contraction<rows = [8] strides [144], steps = [3] a [24] b [192],
                             columns = 16 panel 16 stride 576, splits = 1>,
  three = #qkernel.contraction<rows = [8] strides [144], steps = [3] a [24] b [192],
                               columns = 16 panel 16 stride 576, splits = 3>} : () -> ()
