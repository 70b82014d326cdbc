// A scaled tensor: mantissas of 8, 16 or 32 bits of a static shape, with or
// without a layout, prints as it parses.

// RUN: qtc-opt %s | qtc-opt | FileCheck %s
// RUN: qtc-opt %s -mlir-print-op-generic | qtc-opt | FileCheck %s

// CHECK-LABEL: func private @widths(!qtrain.scaled<tensor<128x10xi8>>, !qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
func.func private @widths(!qtrain.scaled<tensor<128x10xi8>>, !qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)

// CHECK-LABEL: func private @scalar(!qtrain.scaled<tensor<i8>>)
func.func private @scalar(!qtrain.scaled<tensor<i8>>)

// CHECK-LABEL: func private @layout(!qtrain.scaled<tensor<8x16x28x28xi8, #qtrain.channels_last>>)
func.func private @layout(!qtrain.scaled<tensor<8x16x28x28xi8, #qtrain.channels_last>>)
