// RUN: qtc-opt %s -split-input-file -verify-diagnostics

// C1: there is a dimension of channels.
func.func @f(%x: tensor<8xf32>, %c: tensor<8xf32>) {
  // expected-error @below {{expected an input of rank 2 or more, but got 'tensor<8xf32>'}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// C1: the result has the input's type.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected activations of one type, but got 'tensor<8x4xf32>' and 'tensor<4x8xf32>'}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C1: as has the gradient.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>, %e: tensor<8x4x1xf32>) {
  // expected-error @below {{expected activations of one type, but got 'tensor<8x4xf32>' and 'tensor<8x4x1xf32>'}}
  %0:2 = qtrain.batch_norm_parameter_gradient %x, %c, %c, %e {epsilon = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8x4x1xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C2: one number per channel, of operands ...
func.func @f(%x: tensor<8x4x5x5xf32>, %c: tensor<4xf32>, %d: tensor<5xf32>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [5]}}
  %0 = qtrain.batch_norm_input_gradient %x, %c, %c, %d, %x, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8x4x5x5xf32>, tensor<4xf32>, tensor<4xf32>, tensor<5xf32>, tensor<8x4x5x5xf32>, tensor<4xf32>,
       tensor<4xf32>) -> tensor<8x4x5x5xf32>
  return
}

// -----

// ... and results.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [8]}}
  %0:5 = qtrain.batch_norm_training %x, %c, %c, %c, %c {epsilon = 0.0 : f64, momentum = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<8xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C3
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected a finite epsilon that is not negative}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = -1.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected a momentum in [0, 1]}}
  %0:5 = qtrain.batch_norm_training %x, %c, %c, %c, %c {epsilon = 0.0 : f64, momentum = 1.5 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C5
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>, %s: tensor<4xf64>) {
  // expected-error @below {{expected no moments or two, but got 1}}
  %0:5 = qtrain.batch_norm_training %x, %c, %c, %c, %c, %s {epsilon = 0.0 : f64, momentum = 0.5 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf64>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C2
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>, %s: tensor<5xf64>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [5]}}
  %0:2 = qtrain.batch_norm_parameter_gradient %x, %c, %c, %x, %s, %s {epsilon = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<5xf64>, tensor<5xf64>)
    -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// (C3) of qtrain.channel_moments
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected values that are all scaled or all floats, but got 'tensor<8x4xf32>' and '!qtrain.scaled<tensor<4xi64>>'}}
  %0:2 = qtrain.channel_moments %x, %x
    : (tensor<8x4xf32>, tensor<8x4xf32>) -> (tensor<4xf64>, !qtrain.scaled<tensor<4xi64>>)
  return
}

// -----

// In integers: (C1) there is a dimension of channels.
func.func @f(%x: !qtrain.scaled<tensor<8xi16>>) {
  // expected-error @below {{expected an input of rank 2 or more, but got '!qtrain.scaled<tensor<8xi16>>'}}
  %0:2 = qtrain.channel_moments %x, %x
    : (!qtrain.scaled<tensor<8xi16>>, !qtrain.scaled<tensor<8xi16>>)
    -> (!qtrain.scaled<tensor<8xi64>>, !qtrain.scaled<tensor<8xi64>>)
  return
}

// -----

// (C1) of qtrain.channel_statistics
func.func @f(%s: !qtrain.scaled<tensor<8x4xi64>>) {
  // expected-error @below {{expected a statistic of rank 1, but got '!qtrain.scaled<tensor<8x4xi64>>'}}
  %0:2 = qtrain.channel_statistics %s, %s {elements = 8 : i64}
    : (!qtrain.scaled<tensor<8x4xi64>>, !qtrain.scaled<tensor<8x4xi64>>)
    -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
  return
}

// -----

// (C2) of qtrain.channel_statistics
func.func @f(%s: !qtrain.scaled<tensor<4xi64>>) {
  // expected-error @below {{attribute 'elements' failed to satisfy constraint}}
  %0:2 = qtrain.channel_statistics %s, %s {elements = 0 : i64}
    : (!qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
    -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
  return
}

// -----

// (C2) one number per channel.
func.func @f(%s: !qtrain.scaled<tensor<4xi64>>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [8]}}
  %0:2 = qtrain.channel_statistics %s, %s {elements = 8 : i64}
    : (!qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
    -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<8xi32>>)
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x4xi16>>, %m: !qtrain.scaled<tensor<4xi32>>, %v: !qtrain.scaled<tensor<3xi64>>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [3]}}
  %0:2 = qtrain.recall_statistics %x, %m, %v
    : (!qtrain.scaled<tensor<8x4xi16>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<3xi64>>)
    -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
  return
}

// -----

// Widths are those that the rules count with.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %m: !qtrain.scaled<tensor<4xi16>>, %v: !qtrain.scaled<tensor<4xi32>>) {
  // expected-error @below {{operand #0 must be scaled tensor of 16-bit mantissas, but got '!qtrain.scaled<tensor<8x4xi8>>'}}
  %0 = qtrain.standardize %x, %m, %v
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
    -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x4xi16>>, %m: !qtrain.scaled<tensor<5xi16>>, %v: !qtrain.scaled<tensor<4xi32>>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [5]}}
  %0 = qtrain.standardize %x, %m, %v
    : (!qtrain.scaled<tensor<8x4xi16>>, !qtrain.scaled<tensor<5xi16>>, !qtrain.scaled<tensor<4xi32>>)
    -> !qtrain.scaled<tensor<8x4xi16>>
  return
}

// -----

// (C2) the result has the shape of the input, ...
func.func @f(%x: !qtrain.scaled<tensor<8x4xi16>>, %s: !qtrain.scaled<tensor<4xi8>>) {
  // expected-error @below {{expected an activation of shape [8, 4], but got [8, 5]}}
  %0 = qtrain.channel_affine %x, %s, %s
    : (!qtrain.scaled<tensor<8x4xi16>>, !qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi8>>)
    -> !qtrain.scaled<tensor<8x5xi32>>
  return
}

// -----

// ... the gradient, too.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi16>>, %e: !qtrain.scaled<tensor<7x4xi8>>) {
  // expected-error @below {{expected an activation of shape [8, 4], but got [7, 4]}}
  %0:2 = qtrain.channel_moments %x, %e
    : (!qtrain.scaled<tensor<8x4xi16>>, !qtrain.scaled<tensor<7x4xi8>>)
    -> (!qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x4xi16>>, %e: !qtrain.scaled<tensor<8x4xi8>>, %v: !qtrain.scaled<tensor<4xi32>>,
             %s: !qtrain.scaled<tensor<4xi8>>, %m: !qtrain.scaled<tensor<4xi64>>) {
  // expected-error @below {{expected an activation of shape [8, 4], but got [4, 8]}}
  %0 = qtrain.standardize_gradient %x, %e, %v, %s, %m, %m
    : (!qtrain.scaled<tensor<8x4xi16>>, !qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<4xi32>>,
       !qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
    -> !qtrain.scaled<tensor<4x8xi32>>
  return
}

// -----

// (C1) of qtrain.follow_statistics: one extent, ...
func.func @f(%m: !qtrain.scaled<tensor<4xi16>>, %v: !qtrain.scaled<tensor<4xi32>>, %rm: !qtrain.scaled<tensor<4xi32>>,
             %rv: !qtrain.scaled<tensor<5xi64>>) {
  // expected-error @below {{expected one number per channel of shape [4], but got [5]}}
  %0:2 = qtrain.follow_statistics %m, %v, %rm, %rv {momentum = 0.9 : f64}
    : (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi32>>,
       !qtrain.scaled<tensor<5xi64>>) -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<5xi64>>)
  return
}

// -----

// ... of a vector.
func.func @f(%m: !qtrain.scaled<tensor<4x1xi16>>, %v: !qtrain.scaled<tensor<4xi32>>, %rm: !qtrain.scaled<tensor<4xi32>>,
             %rv: !qtrain.scaled<tensor<4xi64>>) {
  // expected-error @below {{expected a statistic of rank 1, but got '!qtrain.scaled<tensor<4x1xi16>>'}}
  %0:2 = qtrain.follow_statistics %m, %v, %rm, %rv {momentum = 0.9 : f64}
    : (!qtrain.scaled<tensor<4x1xi16>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi32>>,
       !qtrain.scaled<tensor<4xi64>>) -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>)
  return
}

// -----

// (C2)
func.func @f(%m: !qtrain.scaled<tensor<4xi16>>, %v: !qtrain.scaled<tensor<4xi32>>, %rm: !qtrain.scaled<tensor<4xi32>>,
             %rv: !qtrain.scaled<tensor<4xi64>>) {
  // expected-error @below {{expected a momentum in [0, 1]}}
  %0:2 = qtrain.follow_statistics %m, %v, %rm, %rv {momentum = -0.5 : f64}
    : (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi32>>,
       !qtrain.scaled<tensor<4xi64>>) -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>)
  return
}

// -----

// Pooled statistics: (C1)
func.func @f(%m: tensor<4xf32>, %v: tensor<5xf32>, %i: i32) {
  // expected-error @below {{expected one number per channel of shape [4], but got [5]}}
  %0:4 = qtrain.pool_statistics %m, %v, %m, %m, %m, %m, %i
    : (tensor<4xf32>, tensor<5xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, i32)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// (C2): sums of 32 bits
func.func @f(%m: !qtrain.scaled<tensor<4xi16>>, %v: !qtrain.scaled<tensor<4xi32>>, %w: !qtrain.scaled<tensor<4xi64>>, %i: i32) {
  // expected-error @below {{expected floats alone, or mantissas of 16, 32, 32, 64, 64 and 64 bits, but got '!qtrain.scaled<tensor<4xi32>>'}}
  %0:4 = qtrain.pool_statistics %m, %v, %v, %w, %v, %w, %i
    : (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi32>>,
       !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>, i32)
    -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi32>>,
        !qtrain.scaled<tensor<4xi64>>)
  return
}

// -----

// ... floats and mantissas
func.func @f(%m: tensor<4xf32>, %v: !qtrain.scaled<tensor<4xi32>>, %i: i32) {
  // expected-error @below {{expected floats alone, or mantissas of 16, 32, 32, 64, 64 and 64 bits, but got '!qtrain.scaled<tensor<4xi32>>'}}
  %0:4 = qtrain.pool_statistics %m, %v, %m, %m, %m, %m, %i
    : (tensor<4xf32>, !qtrain.scaled<tensor<4xi32>>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, i32)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}
