// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx512vnni | FileCheck %s

// A stride of two gives four phases: each reads the part of the kernel that its
// pixels see, and writes every other pixel of every other row.

// CHECK-LABEL: func @input_gradient
//       CHECK:   qkernel.pack_activation
//  CHECK-SAME:     channels = 20 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64, offset, pads = array<i64: 0, 0, 1, 1>
//       CHECK:   qkernel.pack_weight {{.+}} outs(%{{.+}}, %{{.+}} : tensor<2880xi8>, tensor<64xi32>)
//  CHECK-SAME:     classes = array<i64: 2, 2>
//  CHECK-SAME:     order = #qkernel.weight_order<flipped>
//       CHECK:   qkernel.contract {{.+}} start(%{{.+}} : {{.+}}) outs
//  CHECK-SAME:     rows = [4, 4, 4] strides[500, 100, 20] result[320, 80, 10], steps = [1, 1, 5] a[100, 20, 4] b[1920, 640, 64],
//  CHECK-SAME:     columns = 5 panel 16 stride 2880 offsets[0, 1280, 48, 0]>
//  CHECK-SAME:     steps = [1, 2, 5] {{.+}} offsets[0, 960, 32, 5]>
//  CHECK-SAME:     steps = [2, 1, 5] {{.+}} offsets[0, 320, 16, 40]>
//  CHECK-SAME:     steps = [2, 2, 5] {{.+}} offsets[0, 0, 0, 45]>
//  CHECK-SAME:     qkernel.kind = "input_gradient", qkernel.macs = 57600
func.func @input_gradient(
    %e: tensor<4x4x4x20xi8>, %w: tensor<20x5x3x3xi8>,
    %init: tensor<4x8x8x5xi32>) -> tensor<4x8x8x5xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<4x4x4x20xi8>, tensor<20x5x3x3xi8>)
    outs(%init : tensor<4x8x8x5xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [2, 2],
     pads = [1, 1, 1, 1], dilations = [1, 1]>} -> tensor<4x8x8x5xi32>
  return %acc : tensor<4x8x8x5xi32>
}

// Pixels between strides that no kernel position reaches become zeros.

// CHECK-LABEL: func @strided_pointwise
//   CHECK-NOT:   pack_activation
//       CHECK:   qkernel.contract
//  CHECK-SAME:     rows = [2, 3, 3] strides[72, 24, 8] result[100, 40, 8], steps = [1, 1, 2]
//  CHECK-SAME:     rows = [2, 3, 2] strides[72, 24, 8] result[100, 40, 8], steps = [0] a[0] b[0], {{.+}} offsets[0, 0, 0, 4]>
//  CHECK-SAME:     rows = [2, 2, 3] strides[72, 24, 8] result[100, 40, 8], steps = [0] a[0] b[0], {{.+}} offsets[0, 0, 0, 20]>
//  CHECK-SAME:     rows = [2, 2, 2] strides[72, 24, 8] result[100, 40, 8], steps = [0] a[0] b[0], {{.+}} offsets[0, 0, 0, 24]>
func.func @strided_pointwise(
    %e: tensor<2x3x3x8xi8>, %w: tensor<8x4x1x1xi8>,
    %init: tensor<2x5x5x4xi32>) -> tensor<2x5x5x4xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<2x3x3x8xi8>, tensor<8x4x1x1xi8>)
    outs(%init : tensor<2x5x5x4xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [1, 1],
     strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<2x5x5x4xi32>
  return %acc : tensor<2x5x5x4xi32>
}

// Errors of padding that no input is near are not read.

// CHECK-LABEL: func @padded_beyond_the_kernel
//   CHECK-NOT:   pack_activation
//       CHECK:   rows = [2, 5, 5] strides[392, 56, 8], {{.+}} offsets[64, 0, 0, 0]>
func.func @padded_beyond_the_kernel(
    %e: tensor<2x7x7x8xi8>, %w: tensor<8x4x1x1xi8>,
    %init: tensor<2x5x5x4xi32>) -> tensor<2x5x5x4xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<2x7x7x8xi8>, tensor<8x4x1x1xi8>)
    outs(%init : tensor<2x5x5x4xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [1, 1],
     strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>}
    -> tensor<2x5x5x4xi32>
  return %acc : tensor<2x5x5x4xi32>
}

// The input gradient of a linear layer is a product with its weights.

// CHECK-LABEL: func @linear
//       CHECK:   qkernel.pack_weight {{.+}}order = #qkernel.weight_order<pointwise>
//       CHECK:   rows = [4] strides[12], steps = [3] a[4] b[128], columns = 32
func.func @linear(%e: tensor<4x1x1x10xi8>, %w: tensor<10x8x2x2xi8>,
                  %init: tensor<4x2x2x8xi32>) -> tensor<4x2x2x8xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<4x1x1x10xi8>, tensor<10x8x2x2xi8>)
    outs(%init : tensor<4x2x2x8xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [2, 2], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<4x2x2x8xi32>
  return %acc : tensor<4x2x2x8xi32>
}

// Four images interleave; errors lie in panels of columns.

// CHECK-LABEL: func @weight_gradient
//  CHECK-SAME:   (%[[X:.+]]: tensor<6x8x8x32xi8>, %[[E:.+]]: tensor<6x6x6x80xi8>
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[X]] :
//  CHECK-SAME:     block = 16 : i64, channels = 32 : i64, {{.+}} interleave = 4 : i64, offset
//       CHECK:   %[[B:.+]] = qkernel.pack_activation ins(%[[E]] :
//  CHECK-SAME:     block = 48 : i64, channels = 96 : i64, {{.+}} interleave = 4 : i64, pads
//       CHECK:   %[[START:.+]] = qkernel.channel_sum ins(%[[E]] : {{.+}} {factor = -128
//       CHECK:   %[[SUMS:.+]] = qkernel.contract ins(%[[A]], %[[B]] : {{.+}}) start(%[[START]] :
//  CHECK-SAME:     rows = [3, 3, 2, 16] strides[512, 64, 8192, 4], steps = [2, 6, 6] a[4096, 512, 64] b[6912, 1152, 192]
//  CHECK-SAME:     -> tensor<[[S:[0-9]+]]x3x3x32x80xi32>
//       CHECK:   qkernel.unpack_weight ins(%[[SUMS]] : tensor<[[S]]x3x3x32x80xi32>)
func.func @weight_gradient(
    %x: tensor<6x8x8x32xi8>, %e: tensor<6x6x6x80xi8>,
    %init: tensor<80x32x3x3xi32>, %max: tensor<i32>)
    -> (tensor<80x32x3x3xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<6x8x8x32xi8>, tensor<6x6x6x80xi8>)
    outs(%init, %max : tensor<80x32x3x3xi32>, tensor<i32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<80x32x3x3xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<80x32x3x3xi32>, tensor<i32>
}

// The weight gradient of a linear layer has outputs for rows: that is the order
// of the weights, and the maximum is found on the way. Errors are signed, so the
// start values are sums of activations.

// CHECK-LABEL: func @linear_weight_gradient
//  CHECK-SAME:   (%[[X:.+]]: tensor<6x1x1x80xi8>, %[[E:.+]]: tensor<6x1x1x32xi8>
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[E]] :
//  CHECK-SAME:     block = 16 : i64, channels = 32 : i64, {{.+}} interleave = 4 : i64, offset
//       CHECK:   %[[B:.+]] = qkernel.pack_activation ins(%[[X]] :
//  CHECK-SAME:     block = 48 : i64, channels = 96 : i64, {{.+}} interleave = 4 : i64, pads
//       CHECK:   %[[START:.+]] = qkernel.channel_sum ins(%[[X]] : {{.+}} {factor = -128
//       CHECK:   %[[SUMS:.+]]:2 = qkernel.contract ins(%[[A]], %[[B]] : {{.+}}) start(%[[START]] :
//  CHECK-SAME:     rows = [2, 16] strides[128, 4], steps = [2] a[64] b[192], columns = 80 panel 48 stride 384
//   CHECK-NOT:   qkernel.unpack_weight
//       CHECK:   return %[[SUMS]]#0, %[[SUMS]]#1
func.func @linear_weight_gradient(
    %x: tensor<6x1x1x80xi8>, %e: tensor<6x1x1x32xi8>,
    %init: tensor<32x80x1x1xi32>, %max: tensor<i32>)
    -> (tensor<32x80x1x1xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<6x1x1x80xi8>, tensor<6x1x1x32xi8>)
    outs(%init, %max : tensor<32x80x1x1xi32>, tensor<i32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [1, 1],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<32x80x1x1xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<32x80x1x1xi32>, tensor<i32>
}

// With few outputs, unpacking costs less than the sums of activations.

// CHECK-LABEL: func @few_outputs
//       CHECK:   qkernel.unpack_weight
func.func @few_outputs(
    %x: tensor<128x1x1x80xi8>, %e: tensor<128x1x1x10xi8>,
    %init: tensor<10x80x1x1xi32>, %max: tensor<i32>)
    -> (tensor<10x80x1x1xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<128x1x1x80xi8>, tensor<128x1x1x10xi8>)
    outs(%init, %max : tensor<10x80x1x1xi32>, tensor<i32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [1, 1],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<10x80x1x1xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<10x80x1x1xi32>, tensor<i32>
}

// A small batch interleaves four pixels of a row instead: activations are
// planes, errors a batch of pixels.

// CHECK-LABEL: func @small_batch
//  CHECK-SAME:   (%[[X:.+]]: tensor<2x9x8x5xi8>, %[[E:.+]]: tensor<2x5x8x20xi8>
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[X]] :
//  CHECK-SAME:     block = 1 : i64, channels = 5 : i64, {{.+}} interleave = 1 : i64, pads
//       CHECK:   %[[PIXELS:.+]] = tensor.expand_shape {{.+}} output_shape [80, 1, 1, 20]
//       CHECK:   %[[B:.+]] = qkernel.pack_activation ins(%[[PIXELS]] :
//  CHECK-SAME:     interleave = 4 : i64
//       CHECK:   qkernel.contract ins(%[[A]], %[[B]] :
//  CHECK-SAME:     rows = [3, 3, 5] strides[10, 1, 220], steps = [2, 5, 2] a[110, 20, 4] b[1280, 256, 128], columns = 20 panel 32 stride 2560
//       CHECK:   qkernel.unpack_weight
func.func @small_batch(
    %x: tensor<2x9x8x5xi8>, %e: tensor<2x5x8x20xi8>,
    %init: tensor<20x5x3x3xi32>, %max: tensor<i32>)
    -> (tensor<20x5x3x3xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x9x8x5xi8>, tensor<2x5x8x20xi8>)
    outs(%init, %max : tensor<20x5x3x3xi32>, tensor<i32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [3, 3],
     strides = [2, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>}
    -> tensor<20x5x3x3xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<20x5x3x3xi32>, tensor<i32>
}

// Sums of more than 32 bits are formed in parts of at most 132,104 products,
// which are added in 64 bits. A part is one or two groups of four images, of
// 65,536 products each. Activations without sign need no start values ...

// CHECK-LABEL: func @parts
//       CHECK:   %[[PARTS:.+]] = qkernel.contract ins(%{{[^,]+}}, %{{[^,]+}} :
//  CHECK-SAME:     steps = [4, 128, 128] {{.*}}splits = [[S:[24]]]>
//  CHECK-SAME:     -> tensor<[[S]]x3x3x4x8xi32>
//       CHECK:   qkernel.unpack_weight ins(%[[PARTS]] : {{.+}} {{{.*}}saturate}
func.func @parts(
    %x: tensor<16x130x130x4xi8>, %e: tensor<16x128x128x8xi8>,
    %init: tensor<8x4x3x3xi32>, %max: tensor<i32>)
    -> (tensor<8x4x3x3xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<16x130x130x4xi8>, tensor<16x128x128x8xi8>)
    outs(%init, %max : tensor<8x4x3x3xi32>, tensor<i32>)
    {group = 1 : i64, nonnegative, saturate, window = #qtrain.window<
     kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0],
     dilations = [1, 1]>}
    -> tensor<8x4x3x3xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<8x4x3x3xi32>, tensor<i32>
}

// ... and for others, the offset is taken out of the whole sum. Parts are shorter
// with it: four images would be too long, so pixels interleave.

// CHECK-LABEL: func @parts_with_offset
//       CHECK:   %[[PARTS:.+]] = qkernel.contract ins(%{{[^,]+}}, %{{[^,]+}} :
//  CHECK-SAME:     steps = [16, 160, 40]
//       CHECK:   %[[ERRORS:.+]] = qkernel.channel_sum {{.+}} {factor = 1 : i64
//       CHECK:   qkernel.unpack_weight ins(%[[PARTS]] : {{.+}}) error_sums(%[[ERRORS]] : {{.+}} {{{.*}}saturate}
func.func @parts_with_offset(
    %x: tensor<16x162x162x4xi8>, %e: tensor<16x160x160x8xi8>,
    %init: tensor<8x4x3x3xi32>) -> tensor<8x4x3x3xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<16x162x162x4xi8>, tensor<16x160x160x8xi8>)
    outs(%init : tensor<8x4x3x3xi32>)
    {group = 1 : i64, saturate, window = #qtrain.window<
     kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0],
     dilations = [1, 1]>}
    -> tensor<8x4x3x3xi32>
  return %acc : tensor<8x4x3x3xi32>
}
