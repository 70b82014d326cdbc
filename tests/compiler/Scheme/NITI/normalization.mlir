// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward,canonicalize,cse,qtrain-apply-niti,canonicalize,cse)' \
// RUN:   -split-input-file | FileCheck %s
// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward,canonicalize,cse,qtrain-apply-niti{weight-bits=16 scheme-init=1 headroom=3},canonicalize,cse)' \
// RUN:   -split-input-file | FileCheck %s --check-prefix=WIDE

// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward,canonicalize,cse,qtrain-apply-niti{norm-bits=16},canonicalize,cse)' \
// RUN:   -split-input-file | FileCheck %s --check-prefix=NORMS

// Scale and bias have the exponent of a headroom of 1, and the file's values, in
// any case; a bias of zeros has the exponent of its scale. Running statistics
// have 16 and 32 fraction bits, are rounded half to even and clamped.

//  CHECK-DAG: qtrain.parameter @scale id 1 exponent -6 = dense<[64, -32]> : tensor<2xi8>
//  CHECK-DAG: qtrain.parameter @bias id 2 exponent -6 = dense<0> : tensor<2xi8>
//  CHECK-DAG: qtrain.parameter @mean id 0 kind buffer exponent -16 = dense<[98304, -1073741824]> : tensor<2xi32>
//  CHECK-DAG: qtrain.parameter @variance id 0 kind buffer exponent -32 = dense<[1073741824, 35184372088832]> : tensor<2xi64>
//  CHECK-DAG: qtrain.parameter @evaluation.mean.evaluation id 0 kind evaluation exponent -16 origin @mean = dense<[98304, -1073741824]> : tensor<2xi32>
//  CHECK-DAG: qtrain.parameter @evaluation.variance.evaluation id 0 kind evaluation exponent -32 origin @variance = dense<[1073741824, 35184372088832]> : tensor<2xi64>
//  CHECK-DAG: qtrain.parameter @scratch.mean.sum id 0 kind scratch exponent -16 = dense<0> : tensor<2xi64>
//  CHECK-DAG: qtrain.parameter @scratch.variance.spread id 0 kind scratch exponent -32 = dense<0> : tensor<2xi64>
//   WIDE-DAG: qtrain.parameter @scale id 1 exponent -14 = dense<[16384, -8192]> : tensor<2xi16>
//   WIDE-DAG: qtrain.parameter @bias id 2 exponent -14 = dense<0> : tensor<2xi16>
//   WIDE-DAG: qtrain.parameter @mean id 0 kind buffer exponent -16 = dense<[98304, -1073741824]> : tensor<2xi32>
//  NORMS-DAG: qtrain.parameter @scale id 1 exponent -14 weight_bits 16 = dense<[16384, -8192]> : tensor<2xi16>
//  NORMS-DAG: qtrain.parameter @weight id 0 exponent {{.*}}xi8>
qtrain.parameter @weight id 0 = dense<1.0> : tensor<2x4xf32>
qtrain.parameter @scale id 1 = dense<[1.0, -0.5]> : tensor<2xf32>
qtrain.parameter @bias id 2 = dense<0.0> : tensor<2xf32>
qtrain.parameter @mean id 0 kind buffer = dense<[1.5, -1.0e9]> : tensor<2xf32>
qtrain.parameter @variance id 0 kind buffer = dense<[0.25, 1.0e9]> : tensor<2xf32>

// Evaluation: what nobody but a normalization sees of a layer has 14 magnitude
// bits.

// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[ACC:.+]] = qtrain.linear
//   CHECK-NOT:   wide
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[ACC]]
//       CHECK:   %[[EXCESS:.+]] = arith.subi %[[BITS]], %c14_i32
//       CHECK:   %[[SHIFT:.+]] = arith.maxsi %[[EXCESS]], %c0_i32
//       CHECK:   %[[X:.+]] = qtrain.shift_scale %[[ACC]] by %[[SHIFT]] {bits = 15 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<8x2xi32>>, i32) -> !qtrain.scaled<tensor<8x2xi16>>
//       CHECK:   %[[MEAN:.+]], %[[VARIANCE:.+]] = qtrain.recall_statistics %[[X]]
//       CHECK:   %[[XHAT:.+]] = qtrain.standardize %[[X]], %[[MEAN]], %[[VARIANCE]]
//       CHECK:   %[[SUM:.+]] = qtrain.channel_affine %[[XHAT]]
//       CHECK:   qtrain.shift_scale %[[SUM]] by %{{.+}} {bits = 8 : i64

// The training step standardizes once and forms the moments of the error once.
// The gradient of the scale drops the fraction bits of what was standardized,
// and three magnitude bits fewer of both gradients are applied.

// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.shift_scale %{{.+}} by %{{.+}} {bits = 15 : i64
//       CHECK:   %[[XS:.+]], %[[XX:.+]] = qtrain.channel_moments %[[X:.+]], %[[X]] :
//       CHECK:   %[[MEAN:.+]], %[[VARIANCE:.+]] = qtrain.channel_statistics %[[XS]], %[[XX]] {elements = 8 : i64}
//       CHECK:   qtrain.follow_statistics %[[MEAN]], %[[VARIANCE]], %{{.+}}, %{{.+}} {momentum = 7.500000e-01 : f64}
//       CHECK:   %[[XHAT:.+]] = qtrain.standardize %[[X]], %[[MEAN]], %[[VARIANCE]]
//       CHECK:   qtrain.channel_affine %[[XHAT]]
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %{{.+}} by %{{.+}} random
//   CHECK-NOT:   qtrain.standardize %
//       CHECK:   %[[S:.+]], %[[P:.+]] = qtrain.channel_moments %[[XHAT]], %[[E]]
//       CHECK:   %[[G:.+]] = qtrain.shift_scale %[[P]] by %c12_i32 {bits = 64 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<2xi64>>, i32) -> !qtrain.scaled<tensor<2xi64>>
//   CHECK-NOT:   qtrain.channel_moments
//       CHECK:   %[[EX:.+]] = qtrain.standardize_gradient %[[XHAT]], %[[E]], %[[VARIANCE]], %{{.+}}, %[[S]], %[[P]]
//       CHECK:   %[[KEPT:.+]] = arith.addi %{{.+}}, %c-3_i32
//       CHECK:   %[[GBITS:.+]] = qtrain.magnitude_bits %[[G]]
//       CHECK:   %[[GSHIFT:.+]] = arith.subi %[[GBITS]], %[[KEPT]]
//       CHECK:   qtrain.shift_scale %[[G]] by %[[GSHIFT]] {bits = 8 : i64, rounding = #qtrain.rounding<pseudo>}
//       CHECK:   qtrain.magnitude_bits %[[S]]
//       CHECK:   qtrain.linear_weight_gradient

// What evaluation goes by is pooled from the statistics that the batch is
// standardized by, of the same input; running statistics stay as they are.

// CHECK-LABEL: func @estimate(
//       CHECK:   %[[X:.+]] = qtrain.shift_scale %{{.+}} by %{{.+}} {bits = 15 : i64
//       CHECK:   %[[S:.+]], %[[Q:.+]] = qtrain.channel_moments %[[X]], %[[X]]
//       CHECK:   %[[MEAN:.+]], %[[VARIANCE:.+]] = qtrain.channel_statistics %[[S]], %[[Q]]
//   CHECK-NOT:   qtrain.follow_statistics
//       CHECK:   qtrain.standardize %[[X]], %[[MEAN]], %[[VARIANCE]]
//       CHECK:   qtrain.pool_statistics %[[MEAN]], %[[VARIANCE]], %{{.+}} : (!qtrain.scaled<tensor<2xi16>>, !qtrain.scaled<tensor<2xi32>>, !qtrain.scaled<tensor<2xi32>>, !qtrain.scaled<tensor<2xi64>>, !qtrain.scaled<tensor<2xi64>>, !qtrain.scaled<tensor<2xi64>>, i32) -> (!qtrain.scaled<tensor<2xi32>>, !qtrain.scaled<tensor<2xi64>>, !qtrain.scaled<tensor<2xi64>>, !qtrain.scaled<tensor<2xi64>>)

// Both are computed with as they are stored.

// NORMS-LABEL: func @train_step(
//       NORMS:   %[[SCALE:.+]] = qtrain.compose {{.*}} -> !qtrain.scaled<tensor<2xi16>>
//       NORMS:   %[[BIAS:.+]] = qtrain.compose {{.*}} -> !qtrain.scaled<tensor<2xi16>>
//       NORMS:   qtrain.channel_affine %{{.+}}, %[[SCALE]], %[[BIAS]]

// WIDE-LABEL: func @train_step(
//       WIDE:   qtrain.channel_moments %[[X:.+]], %[[X]]
//       WIDE:   %[[S:.+]], %{{.+}} = qtrain.channel_moments
//       WIDE:   arith.addi %{{.+}}, %c5_i32
//       WIDE:   qtrain.shift_scale %[[S]] by %{{.+}} {bits = 16 : i64
func.func @forward(%x: tensor<8x4xf32>, %w: tensor<2x4xf32> {qtrain.parameter = @weight},
                   %g: tensor<2xf32> {qtrain.parameter = @scale}, %b: tensor<2xf32> {qtrain.parameter = @bias},
                   %m: tensor<2xf32> {qtrain.parameter = @mean}, %v: tensor<2xf32> {qtrain.parameter = @variance})
    -> (tensor<8x2xf32>, tensor<2xf32> {qtrain.parameter = @mean}, tensor<2xf32> {qtrain.parameter = @variance}) {
  %0 = qtrain.linear %x, %w : (tensor<8x4xf32>, tensor<2x4xf32>) -> tensor<8x2xf32>
  %1:5 = qtrain.batch_norm_training %0, %g, %b, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.75 : f64}
    : (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
    -> (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
  return %1#0, %1#3, %1#4 : tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// Values of 8 bits are multiplied by 64, also where only a Dropout that
// evaluation leaves out stands behind the layer.

// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[Y:.+]] = qtrain.shift_scale %{{.+}} by %{{.+}} {bits = 8 : i64
//       CHECK:   %[[X:.+]] = qtrain.shift_scale %[[Y]] by %c-6_i32 {bidirectional, bits = 15 : i64, rounding = #qtrain.rounding<floor0>} : (!qtrain.scaled<tensor<8x2xi8>>, i32) -> !qtrain.scaled<tensor<8x2xi16>>
//       CHECK:   qtrain.standardize %[[X]]
// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.dropout
//       CHECK:   qtrain.shift_scale %{{.+}} by %c-6_i32 {bidirectional
// CHECK-LABEL: func @estimate(
//   CHECK-NOT:   qtrain.dropout
//       CHECK:   qtrain.shift_scale %{{.+}} by %c-6_i32 {bidirectional
qtrain.parameter @weight id 0 = dense<1.0> : tensor<2x4xf32>
qtrain.parameter @scale id 1 = dense<1.0> : tensor<2xf32>
qtrain.parameter @bias id 2 = dense<0.0> : tensor<2xf32>
qtrain.parameter @mean id 0 kind buffer = dense<0.0> : tensor<2xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<2xf32>
func.func @forward(%x: tensor<8x4xf32>, %w: tensor<2x4xf32> {qtrain.parameter = @weight},
                   %g: tensor<2xf32> {qtrain.parameter = @scale}, %b: tensor<2xf32> {qtrain.parameter = @bias},
                   %m: tensor<2xf32> {qtrain.parameter = @mean}, %v: tensor<2xf32> {qtrain.parameter = @variance},
                   %seed: i64 {qtrain.role = #qtrain.role<seed>}, %step: i32 {qtrain.role = #qtrain.role<step>})
    -> (tensor<8x2xf32>, tensor<2xf32> {qtrain.parameter = @mean}, tensor<2xf32> {qtrain.parameter = @variance}) {
  %0 = qtrain.linear %x, %w : (tensor<8x4xf32>, tensor<2x4xf32>) -> tensor<8x2xf32>
  %r = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<2xi16>
  %1 = qtrain.dropout %0, %r {ratio = 0.5 : f64} : (tensor<8x2xf32>, tensor<2xi16>) -> tensor<8x2xf32>
  %2:5 = qtrain.batch_norm_training %1, %g, %b, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.75 : f64}
    : (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
    -> (tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
  return %2#0, %2#3, %2#4 : tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// A layer with a bias behind which elements are moved is wide, too: the bias
// gives what is requantized.

#window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[SUM:.+]] = qtrain.bias_add
//   CHECK-NOT:   wide
//       CHECK:   %[[Y:.+]] = qtrain.shift_scale %[[SUM]] by %{{.+}} {bits = 15 : i64
//       CHECK:   %[[X:.+]] = qtrain.reshape %[[Y]]
//   CHECK-NOT:   qtrain.shift_scale
//       CHECK:   qtrain.standardize %[[X]]
qtrain.parameter @weight id 0 = dense<1.0> : tensor<2x4x1x1xf32>
qtrain.parameter @last id 4 = dense<1.0> : tensor<3x6xf32>
qtrain.parameter @offset id 1 = dense<1.0> : tensor<2xf32>
qtrain.parameter @scale id 2 = dense<1.0> : tensor<2xf32>
qtrain.parameter @bias id 3 = dense<0.0> : tensor<2xf32>
qtrain.parameter @mean id 0 kind buffer = dense<0.0> : tensor<2xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<2xf32>
func.func @forward(%x: tensor<8x4x3x1xf32>, %w: tensor<2x4x1x1xf32> {qtrain.parameter = @weight},
                   %o: tensor<2xf32> {qtrain.parameter = @offset}, %l: tensor<3x6xf32> {qtrain.parameter = @last},
                   %g: tensor<2xf32> {qtrain.parameter = @scale}, %b: tensor<2xf32> {qtrain.parameter = @bias},
                   %m: tensor<2xf32> {qtrain.parameter = @mean}, %v: tensor<2xf32> {qtrain.parameter = @variance})
    -> (tensor<8x3xf32>, tensor<2xf32> {qtrain.parameter = @mean}, tensor<2xf32> {qtrain.parameter = @variance}) {
  %0 = qtrain.conv2d %x, %w {window = #window} : (tensor<8x4x3x1xf32>, tensor<2x4x1x1xf32>) -> tensor<8x2x3x1xf32>
  %1 = qtrain.bias_add %0, %o : (tensor<8x2x3x1xf32>, tensor<2xf32>) -> tensor<8x2x3x1xf32>
  %2 = qtrain.reshape %1 : (tensor<8x2x3x1xf32>) -> tensor<8x2x1x3xf32>
  %3:5 = qtrain.batch_norm_training %2, %g, %b, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.75 : f64}
    : (tensor<8x2x1x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
    -> (tensor<8x2x1x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
  %4 = qtrain.linear %3#0, %l : (tensor<8x2x1x3xf32>, tensor<3x6xf32>) -> tensor<8x3xf32>
  return %4, %3#3, %3#4 : tensor<8x3xf32>, tensor<2xf32>, tensor<2xf32>
}
