// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx512vnni | FileCheck %s
// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx2 \
// RUN:   | FileCheck %s --check-prefix=AVX2

// A step is one float: no run is padded, nothing has an offset.

// CHECK-LABEL: func @forward
//  CHECK-SAME:   (%[[X:.+]]: tensor<2x5x5x3xf32>, %[[W:.+]]: tensor<20x3x3x3xf32>, %[[BIAS:.+]]: tensor<20xf32>, %[[INIT:.+]]: tensor
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[X]] : {{.+}}) outs(%{{.+}} : tensor<310xf32>)
//  CHECK-SAME:     block = 3 : i64, channels = 3 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64, pads = array<i64: 1, 1, 1, 1>
//       CHECK:   %[[B:.+]] = qkernel.pack_weight ins(%[[W]] : {{.+}}) outs(%{{.+}} : tensor<864xf32>)
//       CHECK:   qkernel.contract ins(%[[A]], %[[B]] : {{.+}}) bias(%[[BIAS]] : {{.+}}) outs(%[[INIT]] :
//  CHECK-SAME:     steps = [3, 9] a[21, 1] b[288, 32], columns = 20 panel 32 stride 864>, qkernel.kind = "conv2d", qkernel.macs = 27000

// AVX2-LABEL: func @forward
//       AVX2:   pack_weight {{.+}} panel = 24
func.func @forward(%x: tensor<2x5x5x3xf32>, %w: tensor<20x3x3x3xf32>,
                   %bias: tensor<20xf32>, %init: tensor<2x5x5x20xf32>)
    -> tensor<2x5x5x20xf32> {
  %y = qkernel.conv2d
    ins(%x, %w : tensor<2x5x5x3xf32>, tensor<20x3x3x3xf32>) bias(%bias : tensor<20xf32>)
    outs(%init : tensor<2x5x5x20xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [1, 1, 1, 1], dilations = [1, 1]>} -> tensor<2x5x5x20xf32>
  return %y : tensor<2x5x5x20xf32>
}

// An image without padding is read in place, also where its rows would not be
// whole words of bytes.

// CHECK-LABEL: func @in_place
//  CHECK-SAME:   (%[[X:.+]]: tensor<8x6x6x5xf32>
//   CHECK-NOT:   pack_activation
//       CHECK:   %[[A:.+]] = tensor.collapse_shape %[[X]]
//       CHECK:   qkernel.contract ins(%[[A]],
//  CHECK-SAME:     steps = [3, 15] a[30, 1] b[240, 16]
func.func @in_place(%x: tensor<8x6x6x5xf32>, %w: tensor<16x5x3x3xf32>,
                    %init: tensor<8x4x4x16xf32>) -> tensor<8x4x4x16xf32> {
  %y = qkernel.conv2d
    ins(%x, %w : tensor<8x6x6x5xf32>, tensor<16x5x3x3xf32>)
    outs(%init : tensor<8x4x4x16xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<8x4x4x16xf32>
  return %y : tensor<8x4x4x16xf32>
}

// Phases of a strided convolution, as with bytes.

// CHECK-LABEL: func @input_gradient
//       CHECK:   qkernel.pack_weight {{.+}} outs(%{{.+}} : tensor<2880xf32>)
//       CHECK:   qkernel.contract
//  CHECK-SAME:     steps = [1, 1, 20] a[100, 20, 1] b[1920, 640, 16], columns = 5 panel 16 stride 2880 offsets[0, 1280, 48, 0]>
//  CHECK-SAME:     steps = [1, 2, 20] {{.+}} offsets[0, 960, 32, 5]>
//  CHECK-SAME:     steps = [2, 1, 20] {{.+}} offsets[0, 320, 16, 40]>
//  CHECK-SAME:     steps = [2, 2, 20] {{.+}} offsets[0, 0, 0, 45]>
func.func @input_gradient(
    %e: tensor<4x4x4x20xf32>, %w: tensor<20x5x3x3xf32>,
    %init: tensor<4x8x8x5xf32>) -> tensor<4x8x8x5xf32> {
  %y = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<4x4x4x20xf32>, tensor<20x5x3x3xf32>)
    outs(%init : tensor<4x8x8x5xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [2, 2],
     pads = [1, 1, 1, 1], dilations = [1, 1]>} -> tensor<4x8x8x5xf32>
  return %y : tensor<4x8x8x5xf32>
}

// No images interleave: errors of whole vectors stay where they are, as does an
// image without padding.

// CHECK-LABEL: func @weight_gradient
//  CHECK-SAME:   (%[[X:.+]]: tensor<6x6x6x3xf32>, %[[E:.+]]: tensor<6x4x4x80xf32>, %[[INIT:.+]]: tensor
//   CHECK-DAG:   %[[A:.+]] = tensor.collapse_shape %[[X]]
//   CHECK-DAG:   %[[B:.+]] = tensor.collapse_shape %[[E]]
//       CHECK:   %[[SUMS:.+]] = qkernel.contract ins(%[[A]], %[[B]] :
//  CHECK-SAME:     rows = [3, 3, 1, 3] strides[18, 3, 648, 1], steps = [6, 4, 4] a[108, 18, 3] b[1280, 320, 80], columns = 80 panel 48 stride 48>
//       CHECK:   qkernel.unpack_weight ins(%[[SUMS]] : tensor<1x3x3x3x80xf32>) outs(%[[INIT]] :
func.func @weight_gradient(
    %x: tensor<6x6x6x3xf32>, %e: tensor<6x4x4x80xf32>,
    %init: tensor<80x3x3x3xf32>) -> tensor<80x3x3x3xf32> {
  %y = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<6x6x6x3xf32>, tensor<6x4x4x80xf32>)
    outs(%init : tensor<80x3x3x3xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<80x3x3x3xf32>
  return %y : tensor<80x3x3x3xf32>
}

// A padded image lies in blocks of a cache line. Errors that end within a vector
// are padded.

// CHECK-LABEL: func @padded_weight_gradient
//       CHECK:   qkernel.pack_activation {{.+}}block = 16 : i64, channels = 32 : i64, {{.+}} pads = array<i64: 1, 1, 1, 1>
//       CHECK:   qkernel.pack_activation {{.+}}block = 32 : i64, channels = 32 : i64, {{.+}} pads = array<i64: 0, 0, 0, 0>
//       CHECK:   qkernel.contract
//  CHECK-SAME:     rows = [3, 3, 2, 16] strides[128, 16, 6144, 1], steps = [6, 6, 6] a[1024, 128, 16] b[1152, 192, 32]
func.func @padded_weight_gradient(
    %x: tensor<6x6x6x32xf32>, %e: tensor<6x6x6x20xf32>,
    %init: tensor<20x32x3x3xf32>) -> tensor<20x32x3x3xf32> {
  %y = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<6x6x6x32xf32>, tensor<6x6x6x20xf32>)
    outs(%init : tensor<20x32x3x3xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [1, 1, 1, 1], dilations = [1, 1]>} -> tensor<20x32x3x3xf32>
  return %y : tensor<20x32x3x3xf32>
}

// The weight gradient of a linear layer has the order of the weights, however
// few outputs there are.

// CHECK-LABEL: func @linear_weight_gradient
//  CHECK-SAME:   %[[E:[^:]+]]: tensor<24x1x1x10xf32>, %[[INIT:.+]]: tensor
//       CHECK:   %[[A:.+]] = tensor.collapse_shape %[[E]]
//       CHECK:   qkernel.contract ins(%[[A]], %{{.+}} : {{.+}}) outs(%[[INIT]] :
//  CHECK-SAME:     rows = [1, 10] strides[240, 1], steps = [24] a[10] b[48]
//   CHECK-NOT:   unpack_weight
func.func @linear_weight_gradient(
    %x: tensor<24x1x1x40xf32>, %e: tensor<24x1x1x10xf32>,
    %init: tensor<10x40x1x1xf32>) -> tensor<10x40x1x1xf32> {
  %y = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<24x1x1x40xf32>, tensor<24x1x1x10xf32>)
    outs(%init : tensor<10x40x1x1xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<10x40x1x1xf32>
  return %y : tensor<10x40x1x1xf32>
}

// There are no vectors of channels for depthwise convolutions, whose groups are
// put together.

// CHECK-LABEL: func @depthwise
//   CHECK-NOT:   direct
//       CHECK:   linalg.generic
//       CHECK:     arith.select %{{.+}}, %{{.+}}, %{{.+}} : f32
//       CHECK:   qkernel.contract
//  CHECK-SAME:     steps = [3, 24] a[40, 1] b[384, 16], columns = 8 panel 16 stride 1152>, qkernel.kind = "conv2d", qkernel.macs = 1296
func.func @depthwise(%x: tensor<2x5x5x8xf32>, %w: tensor<8x1x3x3xf32>,
                     %init: tensor<2x3x3x8xf32>) -> tensor<2x3x3x8xf32> {
  %y = qkernel.conv2d
    ins(%x, %w : tensor<2x5x5x8xf32>, tensor<8x1x3x3xf32>)
    outs(%init : tensor<2x3x3x8xf32>)
    {group = 8 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<2x3x3x8xf32>
  return %y : tensor<2x3x3x8xf32>
}

// Rows that see little of the errors are phases without the padding around
// these; columns are padded as ever.

// CHECK-LABEL: func @borders
//       CHECK:   qkernel.pack_activation {{.+}}pads = array<i64: 0, 2, 0, 2>
//       CHECK:   qkernel.contract
//  CHECK-SAME:     rows = [2, 1, 6] strides[256, 64, 8] result[144, 24, 4], steps = [1, 3, 8] {{.+}} offsets[0, 768, 0, 0]>
//  CHECK-SAME:     steps = [2, 3, 8] {{.+}} offsets[0, 384, 0, 24]>
//  CHECK-SAME:     rows = [2, 2, 6] {{.+}} steps = [3, 3, 8] {{.+}} offsets[0, 0, 0, 48]>
//  CHECK-SAME:     steps = [2, 3, 8] {{.+}} offsets[128, 0, 0, 96]>
//  CHECK-SAME:     steps = [1, 3, 8] {{.+}} offsets[192, 0, 0, 120]>
func.func @borders(%e: tensor<2x4x4x8xf32>, %w: tensor<8x4x3x3xf32>,
                   %init: tensor<2x6x6x4xf32>) -> tensor<2x6x6x4xf32> {
  %y = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<2x4x4x8xf32>, tensor<8x4x3x3xf32>)
    outs(%init : tensor<2x6x6x4xf32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<2x6x6x4xf32>
  return %y : tensor<2x6x6x4xf32>
}
