// Every kernel on tensors, where it returns the new values of its destinations,
// and on buffers, where it returns nothing.

// RUN: qtc-opt %s | qtc-opt | FileCheck %s
// RUN: qtc-opt %s -mlir-print-op-generic | qtc-opt | FileCheck %s

#plain = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
#half = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

// Activations are [N, H, W, C], weights [O, C/group, KH, KW].

// CHECK-LABEL: func @convolutions_on_buffers(
//  CHECK-SAME:   %[[X:.+]]: memref<8x6x6x4xi8>, %[[W:.+]]: memref<2x4x3x3xi8>, %[[E:.+]]: memref<8x4x4x2xi8>, %[[ACC:.+]]: memref<8x4x4x2xi32>, %[[EX:.+]]: memref<8x6x6x4xi32>, %[[G:.+]]: memref<2x4x3x3xi32>, %[[MAX:.+]]: memref<i32>)
func.func @convolutions_on_buffers(%x: memref<8x6x6x4xi8>, %w: memref<2x4x3x3xi8>, %e: memref<8x4x4x2xi8>,
                                   %acc: memref<8x4x4x2xi32>, %ex: memref<8x6x6x4xi32>,
                                   %g: memref<2x4x3x3xi32>, %max: memref<i32>) {
  // CHECK: qkernel.conv2d ins(%[[X]], %[[W]] : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>) outs(%[[ACC]], %[[MAX]] : memref<8x4x4x2xi32>, memref<i32>) {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  qkernel.conv2d ins(%x, %w : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>)
    outs(%acc, %max : memref<8x4x4x2xi32>, memref<i32>) {window = #plain, group = 1 : i64}
  // CHECK: qkernel.conv2d_input_gradient ins(%[[E]], %[[W]] : {{.*}}) outs(%[[EX]], %[[MAX]] :
  qkernel.conv2d_input_gradient ins(%e, %w : memref<8x4x4x2xi8>, memref<2x4x3x3xi8>)
    outs(%ex, %max : memref<8x6x6x4xi32>, memref<i32>) {window = #plain, group = 1 : i64}
  // CHECK: qkernel.conv2d_weight_gradient ins(%[[X]], %[[E]] : {{.*}}) outs(%[[G]] : memref<2x4x3x3xi32>) {{.*}}nonnegative, saturate
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<8x6x6x4xi8>, memref<8x4x4x2xi8>)
    outs(%g : memref<2x4x3x3xi32>) {window = #plain, group = 1 : i64, nonnegative, saturate}
  return
}

// CHECK-LABEL: func @convolutions_on_tensors(
func.func @convolutions_on_tensors(%x: tensor<8x6x6x4xi8>, %w: tensor<2x2x3x3xi8>, %b: tensor<2xi32>,
                                   %e: tensor<8x4x4x2xi8>, %acc: tensor<8x4x4x2xi32>, %ex: tensor<8x6x6x4xi32>,
                                   %g: tensor<2x2x3x3xi32>, %max: tensor<i32>) {
  // A bias is a third input, the largest magnitude a second result.
  // CHECK: %{{.+}}:2 = qkernel.conv2d ins(%{{.+}}, %{{.+}} : tensor<8x6x6x4xi8>, tensor<2x2x3x3xi8>) bias(%{{.+}} : tensor<2xi32>) outs({{.*}}) {group = 2 : i64, {{.*}}} -> tensor<8x4x4x2xi32>, tensor<i32>
  %0:2 = qkernel.conv2d ins(%x, %w : tensor<8x6x6x4xi8>, tensor<2x2x3x3xi8>) bias(%b : tensor<2xi32>)
    outs(%acc, %max : tensor<8x4x4x2xi32>, tensor<i32>) {window = #plain, group = 2 : i64}
    -> tensor<8x4x4x2xi32>, tensor<i32>
  // CHECK: qkernel.conv2d_input_gradient {{.*}} -> tensor<8x6x6x4xi32>
  %1 = qkernel.conv2d_input_gradient ins(%e, %w : tensor<8x4x4x2xi8>, tensor<2x2x3x3xi8>)
    outs(%ex : tensor<8x6x6x4xi32>) {window = #plain, group = 2 : i64} -> tensor<8x6x6x4xi32>
  // CHECK: qkernel.conv2d_weight_gradient {{.*}} -> tensor<2x2x3x3xi32>, tensor<i32>
  %2:2 = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<8x6x6x4xi8>, tensor<8x4x4x2xi8>)
    outs(%g, %max : tensor<2x2x3x3xi32>, tensor<i32>) {window = #plain, group = 2 : i64}
    -> tensor<2x2x3x3xi32>, tensor<i32>
  return
}

// Floats have no maximum.

// CHECK-LABEL: func @convolutions_of_floats(
func.func @convolutions_of_floats(%x: tensor<8x6x6x4xf32>, %w: tensor<2x4x3x3xf32>, %b: tensor<2xf32>,
                                  %e: tensor<8x4x4x2xf32>) -> tensor<2x4x3x3xf32> {
  // CHECK: qkernel.conv2d ins({{.*}} : tensor<8x6x6x4xf32>, tensor<2x4x3x3xf32>) bias({{.*}} : tensor<2xf32>) {{.*}} -> tensor<8x4x4x2xf32>
  %y = qkernel.conv2d ins(%x, %w : tensor<8x6x6x4xf32>, tensor<2x4x3x3xf32>) bias(%b : tensor<2xf32>)
    outs(%e : tensor<8x4x4x2xf32>) {window = #plain, group = 1 : i64} -> tensor<8x4x4x2xf32>
  // CHECK: qkernel.conv2d_input_gradient {{.*}} -> tensor<8x6x6x4xf32>
  %ex = qkernel.conv2d_input_gradient ins(%y, %w : tensor<8x4x4x2xf32>, tensor<2x4x3x3xf32>)
    outs(%x : tensor<8x6x6x4xf32>) {window = #plain, group = 1 : i64} -> tensor<8x6x6x4xf32>
  // CHECK: qkernel.conv2d_weight_gradient {{.*}} -> tensor<2x4x3x3xf32>
  %g = qkernel.conv2d_weight_gradient ins(%ex, %y : tensor<8x6x6x4xf32>, tensor<8x4x4x2xf32>)
    outs(%w : tensor<2x4x3x3xf32>) {window = #plain, group = 1 : i64} -> tensor<2x4x3x3xf32>
  return %g : tensor<2x4x3x3xf32>
}

//===----------------------------------------------------------------------===//
// Packed contractions
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @packed_on_buffers(
func.func @packed_on_buffers(%x: memref<8x6x6x3xi8>, %px: memref<2112xi8>, %w: memref<20x3x5x5xi8>,
                             %pw: memref<2560xi8>, %c: memref<32xi32>, %a: memref<4160xi8>, %b: memref<4096xi8>,
                             %acc: memref<64x16xi32>, %max: memref<i32>, %start: memref<16xi32>,
                             %bias: memref<16xi32>, %sums: memref<2x3x3x4x16xi32>, %g: memref<16x4x3x3xi32>) {
  // CHECK: qkernel.pack_activation ins(%{{.+}} : memref<8x6x6x3xi8>) outs(%{{.+}} : memref<2112xi8>) {block = 4 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64, offset, pads = array<i64: 1, 1, 1, 1>}
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%px : memref<2112xi8>)
    {block = 4 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64,
     pads = array<i64: 1, 1, 1, 1>, offset}
  // CHECK: qkernel.pack_weight ins(%{{.+}} : memref<20x3x5x5xi8>) outs(%{{.+}}, %{{.+}} : memref<2560xi8>, memref<32xi32>) {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  qkernel.pack_weight ins(%w : memref<20x3x5x5xi8>) outs(%pw, %c : memref<2560xi8>, memref<32xi32>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  // CHECK: qkernel.contract ins(%{{.+}}, %{{.+}} : {{.*}}) outs(%{{.+}}, %{{.+}} : memref<64x16xi32>, memref<i32>) {contraction = #qkernel.contraction<rows = [64] strides[64], steps = [16] a[4] b[64], columns = 16 panel 16 stride 1024>}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>)
    outs(%acc, %max : memref<64x16xi32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>}
  // Start values and a bias of each column.
  // CHECK: qkernel.contract ins(%{{.+}}, %{{.+}} : {{.*}}) start(%{{.+}} : memref<16xi32>) bias(%{{.+}} : memref<16xi32>) outs(%{{.+}} : memref<64x16xi32>)
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) start(%start : memref<16xi32>) bias(%bias : memref<16xi32>)
    outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>}
  // CHECK: qkernel.unpack_weight ins(%{{.+}} : memref<2x3x3x4x16xi32>) outs(%{{.+}}, %{{.+}} : memref<16x4x3x3xi32>, memref<i32>)
  qkernel.unpack_weight ins(%sums : memref<2x3x3x4x16xi32>) outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>)
  // Sums in 64 bits, without what an offset of the activations has added.
  // CHECK: qkernel.unpack_weight ins(%{{.+}} : memref<2x3x3x4x16xi32>) error_sums(%{{.+}} : memref<16xi32>) {{.*}} {saturate}
  qkernel.unpack_weight ins(%sums : memref<2x3x3x4x16xi32>) error_sums(%start : memref<16xi32>)
    outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>) {saturate}
  return
}

// CHECK-LABEL: func @packed_on_tensors(
func.func @packed_on_tensors(%x: tensor<8x6x6x3xi8>, %px: tensor<2048xi8>, %w: tensor<20x3x5x5xi8>,
                             %pw: tensor<2560xi8>, %a: tensor<4160xi8>, %b: tensor<4096xi8>,
                             %acc: tensor<2x64x16xi32>, %sums: tensor<2x3x3x4x16xi32>, %g: tensor<16x4x3x3xi32>) {
  // Four images interleave.
  // CHECK: qkernel.pack_activation {{.*}}interleave = 4{{.*}} -> tensor<2048xi8>
  %0 = qkernel.pack_activation ins(%x : tensor<8x6x6x3xi8>) outs(%px : tensor<2048xi8>)
    {block = 2 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 4 : i64,
     pads = array<i64: 1, 1, 1, 1>} -> tensor<2048xi8>
  // CHECK: qkernel.pack_weight {{.*}} -> tensor<2560xi8>
  %1 = qkernel.pack_weight ins(%w : tensor<20x3x5x5xi8>) outs(%pw : tensor<2560xi8>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64} -> tensor<2560xi8>
  // One partial sum a part of the first step dimension.
  // CHECK: qkernel.contract {{.*}}, splits = 2>} -> tensor<2x64x16xi32>
  %2 = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<4096xi8>) outs(%acc : tensor<2x64x16xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024, splits = 2>} -> tensor<2x64x16xi32>
  // CHECK: qkernel.unpack_weight {{.*}} -> tensor<16x4x3x3xi32>
  %3 = qkernel.unpack_weight ins(%sums : tensor<2x3x3x4x16xi32>) outs(%g : tensor<16x4x3x3xi32>)
    -> tensor<16x4x3x3xi32>
  return
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @concat(
func.func @concat(%a: memref<8x2x2x4xi8>, %b: memref<8x2x2x3xi8>, %y: memref<8x2x2x7xi8>, %t: tensor<8x4xf32>,
                  %u: tensor<8x8xf32>) {
  // CHECK: qkernel.concat ins(%{{.+}}, %{{.+}} : memref<8x2x2x4xi8>, memref<8x2x2x3xi8>) outs(%{{.+}} : memref<8x2x2x7xi8>) {axis = 3 : i64}
  qkernel.concat ins(%a, %b : memref<8x2x2x4xi8>, memref<8x2x2x3xi8>) outs(%y : memref<8x2x2x7xi8>) {axis = 3 : i64}
  // CHECK: qkernel.concat {{.*}} -> tensor<8x8xf32>
  %0 = qkernel.concat ins(%t, %t : tensor<8x4xf32>, tensor<8x4xf32>) outs(%u : tensor<8x8xf32>) {axis = 1 : i64}
    -> tensor<8x8xf32>
  return
}

//===----------------------------------------------------------------------===//
// Pools, reductions, loss
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @pools_on_buffers(
func.func @pools_on_buffers(%x: memref<8x6x6x4xi8>, %y: memref<8x3x3x4xi8>, %acc: memref<8x3x3x4xi32>,
                            %ex: memref<8x6x6x4xi32>) {
  // CHECK: qkernel.max_pool2d ins(%{{.+}} : memref<8x6x6x4xi8>) outs(%{{.+}} : memref<8x3x3x4xi8>) {window =
  qkernel.max_pool2d ins(%x : memref<8x6x6x4xi8>) outs(%y : memref<8x3x3x4xi8>) {window = #half}
  // CHECK: qkernel.max_pool2d_gradient ins(%{{.+}}, %{{.+}} : memref<8x6x6x4xi8>, memref<8x3x3x4xi8>) outs(%{{.+}} : memref<8x6x6x4xi32>)
  qkernel.max_pool2d_gradient ins(%x, %y : memref<8x6x6x4xi8>, memref<8x3x3x4xi8>)
    outs(%ex : memref<8x6x6x4xi32>) {window = #half}
  // CHECK: qkernel.average_pool2d ins({{.*}}) outs(%{{.+}} : memref<8x3x3x4xi32>) {count_include_pad, window =
  qkernel.average_pool2d ins(%x : memref<8x6x6x4xi8>) outs(%acc : memref<8x3x3x4xi32>)
    {window = #half, count_include_pad}
  // CHECK: qkernel.average_pool2d_gradient ins({{.*}}) outs(%{{.+}} : memref<8x6x6x4xi32>) {window =
  qkernel.average_pool2d_gradient ins(%y : memref<8x3x3x4xi8>) outs(%ex : memref<8x6x6x4xi32>) {window = #half}
  return
}

// CHECK-LABEL: func @pools_on_tensors(
func.func @pools_on_tensors(%x: tensor<8x6x6x4xi8>, %y: tensor<8x3x3x4xi8>, %acc: tensor<8x3x3x4xi32>,
                            %ex: tensor<8x6x6x4xi32>) {
  // CHECK: qkernel.max_pool2d {{.*}} -> tensor<8x3x3x4xi8>
  %0 = qkernel.max_pool2d ins(%x : tensor<8x6x6x4xi8>) outs(%y : tensor<8x3x3x4xi8>) {window = #half}
    -> tensor<8x3x3x4xi8>
  // CHECK: qkernel.max_pool2d_gradient {{.*}} -> tensor<8x6x6x4xi8>
  %1 = qkernel.max_pool2d_gradient ins(%x, %y : tensor<8x6x6x4xi8>, tensor<8x3x3x4xi8>)
    outs(%x : tensor<8x6x6x4xi8>) {window = #half} -> tensor<8x6x6x4xi8>
  // CHECK: qkernel.average_pool2d {{.*}} -> tensor<8x3x3x4xi32>
  %2 = qkernel.average_pool2d ins(%x : tensor<8x6x6x4xi8>) outs(%acc : tensor<8x3x3x4xi32>) {window = #half}
    -> tensor<8x3x3x4xi32>
  // CHECK: qkernel.average_pool2d_gradient {{.*}}count_include_pad{{.*}} -> tensor<8x6x6x4xi32>
  %3 = qkernel.average_pool2d_gradient ins(%y : tensor<8x3x3x4xi8>) outs(%ex : tensor<8x6x6x4xi32>)
    {window = #half, count_include_pad} -> tensor<8x6x6x4xi32>
  return
}

// CHECK-LABEL: func @reductions(
func.func @reductions(%x: memref<8x10xi32>, %max: memref<i32>, %e: tensor<8x4x4x2xi8>, %g: tensor<2xi32>,
                      %t: tensor<4xi16>, %tmax: tensor<i32>, %wide: memref<10xi64>) {
  // CHECK: qkernel.max_abs ins(%{{.+}} : memref<8x10xi32>) outs(%{{.+}} : memref<i32>)
  qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%max : memref<i32>)
  // CHECK: qkernel.max_abs {{.*}} -> tensor<i32>
  %0 = qkernel.max_abs ins(%t : tensor<4xi16>) outs(%tmax : tensor<i32>) -> tensor<i32>
  // CHECK: qkernel.channel_sum {{.*}} {factor = 3 : i64, saturate} -> tensor<2xi32>
  %1 = qkernel.channel_sum ins(%e : tensor<8x4x4x2xi8>) outs(%g : tensor<2xi32>) {factor = 3 : i64, saturate}
    -> tensor<2xi32>
  // Errors that a pool has added up may have 32 bits.
  // CHECK: qkernel.channel_sum ins(%{{.+}} : memref<8x10xi32>) outs(%{{.+}} : memref<10xi64>)
  qkernel.channel_sum ins(%x : memref<8x10xi32>) outs(%wide : memref<10xi64>) {factor = 1 : i64}
  return
}

// CHECK-LABEL: func @channel_moments(
func.func @channel_moments(%a: tensor<8x2xf32>, %b: tensor<8x2xf32>, %s: tensor<4x2xf64>, %p: tensor<4x2xf64>,
                           %g: tensor<2xf64>) {
  // CHECK: %[[S:.+]]:2 = qkernel.channel_moments ins(%{{.+}}, %{{.+}} : tensor<8x2xf32>, tensor<8x2xf32>) outs(%{{.+}}, %{{.+}} : tensor<4x2xf64>, tensor<4x2xf64>) -> tensor<4x2xf64>, tensor<4x2xf64>
  %0:2 = qkernel.channel_moments ins(%a, %b : tensor<8x2xf32>, tensor<8x2xf32>)
    outs(%s, %p : tensor<4x2xf64>, tensor<4x2xf64>) -> tensor<4x2xf64>, tensor<4x2xf64>
  // CHECK: qkernel.channel_sum ins(%[[S]]#0 : tensor<4x2xf64>) outs(%{{.+}} : tensor<2xf64>) {factor = 1 : i64} -> tensor<2xf64>
  %1 = qkernel.channel_sum ins(%0#0 : tensor<4x2xf64>) outs(%g : tensor<2xf64>) {factor = 1 : i64} -> tensor<2xf64>
  return
}

// CHECK-LABEL: func @integer_moments(
func.func @integer_moments(%a: memref<8x2xi8>, %b: memref<8x2xi16>, %s: memref<4x2xi64>, %p: memref<4x2xi64>,
                           %g: memref<2xi64>) {
  // CHECK: qkernel.channel_moments ins(%{{.+}}, %{{.+}} : memref<8x2xi8>, memref<8x2xi16>) outs(%{{.+}}, %{{.+}} : memref<4x2xi64>, memref<4x2xi64>)
  qkernel.channel_moments ins(%a, %b : memref<8x2xi8>, memref<8x2xi16>) outs(%s, %p : memref<4x2xi64>, memref<4x2xi64>)
  // CHECK: qkernel.channel_sum ins(%{{.+}} : memref<4x2xi64>) outs(%{{.+}} : memref<2xi64>) {factor = 1 : i64}
  qkernel.channel_sum ins(%s : memref<4x2xi64>) outs(%g : memref<2xi64>) {factor = 1 : i64}
  return
}

// CHECK-LABEL: func @wide_elements(
//  CHECK-SAME:   %[[A:.+]]: i64, %[[N:.+]]: i32)
func.func @wide_elements(%a: i64, %n: i32) -> i64 {
  // CHECK: %[[Q:.+]] = qkernel.round_shift %[[A]] by %[[N]] to 64 bits : (i64, i32) -> i64
  %q = qkernel.round_shift %a by %n to 64 bits : (i64, i32) -> i64
  // CHECK: qkernel.scale %[[Q]] by %[[N]] to 9 : (i64, i32) -> i64
  %y = qkernel.scale %q by %n to 9 : (i64, i32) -> i64
  // CHECK: qkernel.integer_sqrt %[[Q]] : (i64) -> i64
  %s = qkernel.integer_sqrt %q : (i64) -> i64
  return %s : i64
}

// CHECK-LABEL: func @row_metric(
func.func @row_metric(%y: memref<8x2xf32>, %labels: memref<8xi32>, %l: memref<8xf32>, %s: i32, %r: i32,
                      %m: tensor<8x2xi8>, %t: tensor<8x2xi32>, %v: tensor<8xi64>) {
  // CHECK: qkernel.row_metric ins(%{{.+}}, %{{.+}} : memref<8x2xf32>, memref<8xi32>) outs(%{{.+}} : memref<8xf32>) {metric = #qtrain.accuracy}
  qkernel.row_metric ins(%y, %labels : memref<8x2xf32>, memref<8xi32>) outs(%l : memref<8xf32>)
    {metric = #qtrain.accuracy}
  // CHECK: qkernel.row_metric {{.*}} exponent(%{{.+}} : i32) target_exponent(%{{.+}} : i32) {{.*}} {metric = #qtrain.mean_logistic} -> tensor<8xi64>
  %0 = qkernel.row_metric ins(%m, %t : tensor<8x2xi8>, tensor<8x2xi32>) exponent(%s : i32) target_exponent(%r : i32)
    outs(%v : tensor<8xi64>) {metric = #qtrain.mean_logistic} -> tensor<8xi64>
  return
}

// CHECK-LABEL: func @softmax_error(
func.func @softmax_error(%x: memref<8x10xi8>, %s: i32, %t: memref<8xi32>, %e: memref<8x10xi32>,
                         %logits: tensor<8x10xi8>, %labels: tensor<8xi32>, %errors: tensor<8x10xi32>) {
  // CHECK: qkernel.softmax_error ins(%{{.+}}, %{{.+}} : memref<8x10xi8>, memref<8xi32>) exponent(%{{.+}} : i32) outs(%{{.+}} : memref<8x10xi32>) {exponential = #qtrain.exponential<fraction>}
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<fraction>}
  // CHECK: qkernel.softmax_error {{.*}} {exponential = #qtrain.exponential<paper>} -> tensor<8x10xi32>
  %0 = qkernel.softmax_error ins(%logits, %labels : tensor<8x10xi8>, tensor<8xi32>) exponent(%s : i32) outs(%errors : tensor<8x10xi32>)
    {exponential = #qtrain.exponential<paper>} -> tensor<8x10xi32>
  return
}

//===----------------------------------------------------------------------===//
// Parallel execution
//===----------------------------------------------------------------------===//

func.func private @relu(index, index, memref<8x10xi32>, i32)
func.func private @nothing(index, index)

// CHECK-LABEL: func @launches(
//  CHECK-SAME:   %[[EXECUTOR:.+]]: !llvm.ptr, %[[X:.+]]: memref<8x10xi32>, %[[N:.+]]: i32)
func.func @launches(%executor: !llvm.ptr, %x: memref<8x10xi32>, %n: i32) {
  // CHECK: qkernel.launch @relu(%[[X]], %[[N]]) on %[[EXECUTOR]] : !llvm.ptr count 128 with memref<8x10xi32>, i32
  qkernel.launch @relu(%x, %n) on %executor : !llvm.ptr count 128 with memref<8x10xi32>, i32
  // CHECK: qkernel.mark 3 on %[[EXECUTOR]] : !llvm.ptr
  qkernel.mark 3 on %executor : !llvm.ptr
  // CHECK: qkernel.launch @nothing() on %[[EXECUTOR]] : !llvm.ptr count 1
  qkernel.launch @nothing() on %executor : !llvm.ptr count 1
  return
}

// CHECK-LABEL: func @floats(
func.func @floats(%x: memref<8x6x6x4xf32>, %y: memref<8x3x3x4xf32>, %p: memref<12x4xf32>,
                  %logits: memref<8x10xf32>, %t: memref<8xi32>, %e: memref<8x10xf32>) {
  // CHECK: qkernel.max_pool2d ins(%{{.+}} : memref<8x6x6x4xf32>) outs(%{{.+}} : memref<8x3x3x4xf32>)
  qkernel.max_pool2d ins(%x : memref<8x6x6x4xf32>) outs(%y : memref<8x3x3x4xf32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  // CHECK: qkernel.average_pool2d ins(%{{.+}} : memref<8x6x6x4xf32>) outs(%{{.+}} : memref<8x3x3x4xf32>)
  qkernel.average_pool2d ins(%x : memref<8x6x6x4xf32>) outs(%y : memref<8x3x3x4xf32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  // CHECK: qkernel.channel_sum ins(%{{.+}} : memref<8x6x6x4xf32>) outs(%{{.+}} : memref<12x4xf32>) {factor = 1 : i64}
  qkernel.channel_sum ins(%x : memref<8x6x6x4xf32>) outs(%p : memref<12x4xf32>) {factor = 1 : i64}
  // CHECK: qkernel.softmax_error ins(%{{.+}}, %{{.+}} : memref<8x10xf32>, memref<8xi32>) outs(%{{.+}} : memref<8x10xf32>)
  qkernel.softmax_error ins(%logits, %t : memref<8x10xf32>, memref<8xi32>) outs(%e : memref<8x10xf32>)
  return
}

// CHECK-LABEL: func @masks(
func.func @masks(%x: memref<8x10xi64>, %max: memref<i64>, %m: memref<10xi8>, %y: memref<8x10xi64>, %largest: i64) {
  // CHECK: qkernel.range_mask ins(%{{.+}} : memref<8x10xi64>) outs(%{{.+}} : memref<10xi8>) {high = 5 : i64, low = -5 : i64}
  qkernel.range_mask ins(%x : memref<8x10xi64>) outs(%m : memref<10xi8>) {high = 5 : i64, low = -5 : i64}
  // CHECK: qkernel.max_abs ins(%{{.+}} : memref<8x10xi64>) mask(%{{.+}} : memref<10xi8>) outs(%{{.+}} : memref<i64>)
  qkernel.max_abs ins(%x : memref<8x10xi64>) mask(%m : memref<10xi8>) outs(%max : memref<i64>)
  // CHECK: qkernel.apply_mask ins(%{{.+}}, %{{.+}} : memref<8x10xi64>, memref<10xi8>) outs(%{{.+}} : memref<8x10xi64>)
  qkernel.apply_mask ins(%x, %m : memref<8x10xi64>, memref<10xi8>) outs(%y : memref<8x10xi64>)
  // CHECK: qkernel.magnitude_bits %{{.+}} {nearest} : (i64) -> i32
  %0 = qkernel.magnitude_bits %largest {nearest} : (i64) -> i32
  return
}

// CHECK-LABEL: func @positions(
func.func @positions(%x: memref<8x6x6x4xi32>, %p: memref<8x3x3x4xi8>, %e: memref<8x3x3x4xi8>, %ex: memref<8x6x6x4xi16>) {
  // CHECK: qkernel.max_pool2d_positions ins(%{{.+}} : memref<8x6x6x4xi32>) outs(%{{.+}} : memref<8x3x3x4xi8>)
  qkernel.max_pool2d_positions ins(%x : memref<8x6x6x4xi32>) outs(%p : memref<8x3x3x4xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  // CHECK: qkernel.max_unpool2d ins(%{{.+}}, %{{.+}} : memref<8x3x3x4xi8>, memref<8x3x3x4xi8>) outs(%{{.+}} : memref<8x6x6x4xi16>)
  qkernel.max_unpool2d ins(%p, %e : memref<8x3x3x4xi8>, memref<8x3x3x4xi8>) outs(%ex : memref<8x6x6x4xi16>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

//===----------------------------------------------------------------------===//
// Contractions addressed by maps
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @mapped(
//  CHECK-SAME:   %[[A:.+]]: memref<8x16xi8>, %[[B:.+]]: memref<5x16xi8>, %[[BIAS:.+]]: memref<5xi32>, %[[ACC:.+]]: memref<8x5xi32>, %[[MAX:.+]]: memref<i32>, %[[X:.+]]: memref<8x10xi8>)
func.func @mapped(%a: memref<8x16xi8>, %b: memref<5x16xi8>, %bias: memref<5xi32>, %acc: memref<8x5xi32>,
                  %max: memref<i32>, %x: memref<8x10xi8>) {
  // CHECK: qkernel.mapped_copy ins(%[[X]] : memref<8x10xi8>) outs(%[[A]] : memref<8x16xi8>) {map =
  qkernel.mapped_copy ins(%x : memref<8x10xi8>) outs(%a : memref<8x16xi8>) {map = affine_map<(i, j) -> (i, j)>}
  // CHECK: qkernel.mapped_contract ins(%[[A]], %[[B]] : {{.*}}) bias(%[[BIAS]] : {{.*}}) outs(%[[ACC]], %[[MAX]] : {{.*}}) {{.*}}columns = 5 : i64, {{.*}}rows = array<i64: 8>, steps = array<i64: 1>
  qkernel.mapped_contract ins(%a, %b : memref<8x16xi8>, memref<5x16xi8>) bias(%bias : memref<5xi32>)
    outs(%acc, %max : memref<8x5xi32>, memref<i32>)
    {rows = array<i64: 8>, columns = 5 : i64, steps = array<i64: 1>,
     a_map = affine_map<(r, k) -> (r, k * 16)>, b_map = affine_map<(c, k) -> (c, k * 16)>,
     result_map = affine_map<(r, c) -> (r, c)>}
  return
}
