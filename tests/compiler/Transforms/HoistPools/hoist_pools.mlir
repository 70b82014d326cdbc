// RUN: qtc-opt %s -split-input-file --pass-pipeline='builtin.module(func.func(qtrain-hoist-pools))' | FileCheck %s

!x = tensor<2x3x4x4xf32>
!y = tensor<2x3x2x2xf32>
#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

// The unit and its gradient work on what the pool leaves.
// CHECK-LABEL: func @train
// CHECK-SAME:      %[[X:.*]]: tensor<2x3x4x4xf32>, %[[E:.*]]: tensor<2x3x2x2xf32>
// CHECK-NEXT:  %[[P:.*]] = qtrain.max_pool2d %[[X]]
// CHECK-NEXT:  %[[Y:.*]] = qtrain.relu %[[P]] : (tensor<2x3x2x2xf32>)
// CHECK-NEXT:  %[[EP:.*]] = qtrain.relu_gradient %[[Y]], %[[E]]
// CHECK-NEXT:  %[[EX:.*]] = qtrain.max_pool2d_gradient %[[X]], %[[EP]]
// CHECK-NEXT:  return %[[Y]], %[[EX]]
func.func @train(%x: !x, %e: !y) -> (!y, !x) {
  %r = qtrain.relu %x : (!x) -> !x
  %y = qtrain.max_pool2d %r {window = #window} : (!x) -> !y
  %er = qtrain.max_pool2d_gradient %r, %e {window = #window} : (!x, !y) -> !x
  %ex = qtrain.relu_gradient %r, %er : (!x, !x) -> !x
  return %y, %ex : !y, !x
}

// Without gradients.
// CHECK-LABEL: func @evaluate
// CHECK-NEXT:  %[[P:.*]] = qtrain.max_pool2d %arg0
// CHECK-NEXT:  %[[Y:.*]] = qtrain.relu %[[P]]
// CHECK-NEXT:  return %[[Y]]
func.func @evaluate(%x: !x) -> !y {
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

// The error of the unit is not that of the pool alone.
// CHECK-LABEL: func @other_error
// CHECK-NEXT:  %[[R:.*]] = qtrain.relu %arg0
// CHECK-NEXT:  qtrain.max_pool2d %[[R]]
func.func @other_error(%x: !x, %e: !y, %f: !x) -> (!y, !x) {
  %r = qtrain.relu %x : (!x) -> !x
  %y = qtrain.max_pool2d %r {window = #window} : (!x) -> !y
  %er = qtrain.max_pool2d_gradient %r, %e {window = #window} : (!x, !y) -> !x
  %sum = qtrain.sum %er, %f : (!x, !x) -> !x
  %ex = qtrain.relu_gradient %r, %sum : (!x, !x) -> !x
  return %y, %ex : !y, !x
}
