// RUN: qtc-opt %s -split-input-file --pass-pipeline='builtin.module(func.func(qtrain-hoist-pools))' | FileCheck %s

!x = tensor<2x3x4x4xf32>
!y = tensor<2x3x2x2xf32>
#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

// The unit works on what the pool leaves.
// CHECK-LABEL: func @forward
// CHECK-NEXT:  %[[P:.*]] = qtrain.max_pool2d %arg0
// CHECK-NEXT:  %[[Y:.*]] = qtrain.relu %[[P]] : (tensor<2x3x2x2xf32>)
// CHECK-NEXT:  return %[[Y]]
func.func @forward(%x: !x) -> !y {
  %r = qtrain.relu %x : (!x) -> !x
  %y = qtrain.max_pool2d %r {window = #window} : (!x) -> !y
  return %y : !y
}

// -----

!x = tensor<2x3x4x4xf32>
!y = tensor<2x3x2x2xf32>
#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

// Something else sees the unit's result.
// CHECK-LABEL: func @other_user
// CHECK-NEXT:  %[[R:.*]] = qtrain.relu %arg0
// CHECK-NEXT:  qtrain.max_pool2d %[[R]]
func.func @other_user(%x: !x) -> (!y, !x) {
  %r = qtrain.relu %x : (!x) -> !x
  %y = qtrain.max_pool2d %r {window = #window} : (!x) -> !y
  return %y, %r : !y, !x
}

// A second pool follows the first.
// CHECK-LABEL: func @two_pools
// CHECK-NEXT:  %[[P:.*]] = qtrain.max_pool2d %arg0
// CHECK-NEXT:  %[[Q:.*]] = qtrain.max_pool2d %[[P]]
// CHECK-NEXT:  qtrain.relu %[[Q]] : (tensor<2x3x1x1xf32>)
func.func @two_pools(%x: !x) -> tensor<2x3x1x1xf32> {
  %r = qtrain.relu %x : (!x) -> !x
  %y = qtrain.max_pool2d %r {window = #window} : (!x) -> !y
  %z = qtrain.max_pool2d %y {window = #window} : (!y) -> tensor<2x3x1x1xf32>
  return %z : tensor<2x3x1x1xf32>
}
