// Kernels on odd operands: layouts, memory spaces, sizes, both tensors and buffers.

func.func @f(%x: memref<8x10xi32, strided<[100, 3], offset: 7>>, %y: memref<i32>) {
  qkernel.max_abs ins(%x : memref<8x10xi32, strided<[100, 3], offset: 7>>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<8x10xi32, 1>, %y: memref<10xi8, "far">) {
  qkernel.range_mask ins(%x : memref<8x10xi32, 1>) outs(%y : memref<10xi8, "far">) {low = 1 : i64}
  return
}

// -----

func.func @f(%x: memref<8x10xi32, affine_map<(i, j) -> (j, i)>>, %m: memref<10xi8>, %y: memref<8x10xi32, strided<[1, 8]>>) {
  qkernel.apply_mask ins(%x, %m : memref<8x10xi32, affine_map<(i, j) -> (j, i)>>, memref<10xi8>)
    outs(%y : memref<8x10xi32, strided<[1, 8]>>)
  return
}

// -----

func.func @f(%x: memref<8x1x1x10xi8, strided<[100, 50, 25, 2], offset: ?>>, %y: memref<8x1x1x10xi8, strided<[?, ?, ?, ?]>>) {
  qkernel.max_pool2d ins(%x : memref<8x1x1x10xi8, strided<[100, 50, 25, 2], offset: ?>>)
    outs(%y : memref<8x1x1x10xi8, strided<[?, ?, ?, ?]>>)
    {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: tensor<8x10xi32>, %y: memref<i32>) {
  qkernel.max_abs ins(%x : tensor<8x10xi32>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<8x10xi32>, %y: tensor<i32>) {
  %0 = qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%y : tensor<i32>) -> tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<8x10xi32>, %y: tensor<i32>) -> tensor<i32> {
  %0 = qkernel.max_abs ins(%x : tensor<8x10xi32>) outs(%y : tensor<i32>) -> tensor<i32>
  return %0 : tensor<i32>
}

// -----

func.func @f(%x: tensor<2x4x1x1xi8, #qtrain.channels_last>, %y: tensor<2x4x1x1xi8, #qtrain.channels_last>) {
  %0 = qkernel.concat ins(%x : tensor<2x4x1x1xi8, #qtrain.channels_last>) outs(%y : tensor<2x4x1x1xi8, #qtrain.channels_last>)
    {axis = 3 : i64} -> tensor<2x4x1x1xi8, #qtrain.channels_last>
  return
}

// -----

func.func @f(%x: memref<8xi8>) {
  "qkernel.max_abs"() {operandSegmentSizes = array<i32: 0, 0>} : () -> ()
  return
}

// -----

func.func @f(%x: memref<8xi8>) {
  "qkernel.softmax_error"() {operandSegmentSizes = array<i32: 0, 0>} : () -> ()
  return
}

// -----

func.func @f(%x: i32, %y: memref<2x3xi32>) {
  qkernel.softmax_error ins(%x, %x : i32, i32) exponent(%x : i32) outs(%y : memref<2x3xi32>) {exponential = #qtrain.exponential<fraction>}
  return
}

// -----

func.func @f(%w: memref<4x4x1x1xi8>, %y: i32, %z: memref<16xf32>) {
  "qkernel.pack_weight"(%w, %y, %z) {operandSegmentSizes = array<i32: 1, 2>, order = #qkernel.weight_order<forward>, panel = 32 : i64}
    : (memref<4x4x1x1xi8>, i32, memref<16xf32>) -> ()
  return
}

// -----

func.func @f(%w: memref<4x4x1x1xi8>, %y: memref<64xi8>) {
  qkernel.pack_weight ins(%w : memref<4x4x1x1xi8>) outs(%y : memref<64xi8>)
    {order = #qkernel.weight_order<forward>, panel = 9223372036854775807 : i64, group = 4 : i64, classes = array<i64: 9223372036854775807, 2>}
  return
}

// -----

func.func @f(%x: memref<8x6x6x3xi8>, %p: memref<2112xi8>) {
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%p : memref<2112xi8>) {block = -1 : i64, channels = -4 : i64,
    dilation = array<i64: -1, 9223372036854775807>, interleave = 1 : i64, pads = array<i64: -1, 9223372036854775807, 1, 1>}
  return
}

// -----

func.func @f(%x: memref<8x6x6x3xi8>, %p: memref<2112xi8>) {
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%p : memref<2112xi8>) {block = 0 : i64, channels = 4 : i64,
    dilation = array<i64>, interleave = 4 : i64, pads = array<i64: 1>}
  return
}

// -----

func.func @f(%a: memref<64xi8>, %b: memref<64xi8>, %acc: memref<1x1xi32>) {
  qkernel.contract ins(%a, %b : memref<64xi8>, memref<64xi8>) outs(%acc : memref<1x1xi32>)
    {contraction = #qkernel.contraction<rows = [1] strides [9223372036854775807], steps = [4611686018427387904, 4] a [-9223372036854775808, 4]
     b [64, 4], columns = 1 panel 9223372036854775807 stride 1024>}
  return
}

// -----

func.func @f(%a: memref<64xi8>, %b: memref<64xi8>, %acc: memref<1x1xi32>) {
  qkernel.contract ins(%a, %b : memref<64xi8>, memref<64xi8>) outs(%acc : memref<1x1xi32>)
    {contraction = #qkernel.contraction<rows = [1] strides [-64], steps = [1] a [-4] b [-4], columns = 1 panel 16 stride -1024>}
  return
}

// -----

func.func @f(%a: memref<64xi8>, %b: memref<64xi8>, %acc: memref<1x1xi32>) {
  qkernel.contract ins(%a, %b : memref<64xi8>, memref<64xi8>) outs(%acc : memref<1x1xi32>)
    {contraction = #qkernel.contraction<rows = [1] strides [64], steps = [0] a [4] b [4], columns = 1 panel 16 stride 1024>}
  return
}

// -----

func.func @f(%a: memref<64xi8, strided<[2]>>, %b: memref<64xi8, 5>, %acc: memref<1x1xi32>) {
  qkernel.contract ins(%a, %b : memref<64xi8, strided<[2]>>, memref<64xi8, 5>) outs(%acc : memref<1x1xi32>)
    {contraction = #qkernel.contraction<rows = [1] strides [64], steps = [1] a [4] b [4], columns = 1 panel 16 stride 1024>}
  return
}

// -----

func.func @f(%a: memref<16x16xi8>, %b: memref<16x16xi8>, %acc: memref<16x16xi32>) {
  qkernel.mapped_contract ins(%a, %b : memref<16x16xi8>, memref<16x16xi8>) outs(%acc : memref<16x16xi32>)
    {rows = array<i64: 0>, columns = 16 : i64, steps = array<i64: -1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>}
  return
}

// -----

func.func @f(%a: memref<16x16xi8>, %b: memref<16x16xi8>, %acc: memref<16x16xi32>) {
  qkernel.mapped_contract ins(%a, %b : memref<16x16xi8>, memref<16x16xi8>) outs(%acc : memref<16x16xi32>)
    {rows = array<i64: 16>, columns = 16 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r * r, k floordiv 0)>,
     b_map = affine_map<(c, k) -> (c mod 0, k * 16)>, result_map = affine_map<(r, c) -> (r ceildiv -3, c)>}
  return
}

// -----

func.func @f(%a: memref<16x16xi8>, %b: memref<16x16xi8>, %acc: memref<16x16xi32>) {
  qkernel.mapped_contract ins(%a, %b : memref<16x16xi8>, memref<16x16xi8>) outs(%acc : memref<16x16xi32>)
    {rows = array<i64: 16>, columns = 16 : i64, steps = array<i64: 1>,
     a_map = affine_map<(r, k) -> (r * 9223372036854775807 + 9223372036854775807, k * 16)>,
     b_map = affine_map<(c, k) -> (c floordiv 4, k * 16 + 4611686018427387904)>, result_map = affine_map<(r, c) -> (5, -7)>}
  return
}

// -----

func.func @f(%a: memref<16x16xi8, strided<[64, 2]>>, %b: memref<16x16xi8, 3>, %acc: memref<16x16xi32, strided<[1, 16]>>, %m: memref<i32>) {
  qkernel.mapped_contract ins(%a, %b : memref<16x16xi8, strided<[64, 2]>>, memref<16x16xi8, 3>)
    outs(%acc, %m : memref<16x16xi32, strided<[1, 16]>>, memref<i32>)
    {rows = array<i64: 16>, columns = 16 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>}
  return
}

// -----

func.func @f(%x: memref<i8>, %y: memref<i8>) {
  qkernel.mapped_copy ins(%x : memref<i8>) outs(%y : memref<i8>) {map = affine_map<() -> ()>}
  return
}

// -----

func.func @f(%x: memref<32x32xi8, strided<[1, 32]>>, %y: memref<32x32xi8>) {
  qkernel.mapped_copy ins(%x : memref<32x32xi8, strided<[1, 32]>>) outs(%y : memref<32x32xi8>) {map = affine_map<(i, j) -> (j, i)>}
  return
}

// -----

func.func @f(%x: memref<32x32xi8>, %y: memref<32x32xi8>) {
  qkernel.mapped_copy ins(%x : memref<32x32xi8>) outs(%y : memref<32x32xi8>) {map = affine_map<(i, j)[s] -> (j, i + s)>}
  return
}

// -----

func.func @f(%x: memref<32x32xi8>, %y: memref<32x32xi8>) {
  qkernel.mapped_copy ins(%x : memref<32x32xi8>) outs(%y : memref<32x32xi8>)
    {map = affine_map<(i, j) -> (j floordiv 0, i mod -9223372036854775808)>}
  return
}

// -----

func.func @f(%x: memref<8x1x1x4xf32>, %y: memref<8x1x1x4xi8>) {
  qkernel.max_pool2d_positions ins(%x : memref<8x1x1x4xf32>) outs(%y : memref<8x1x1x4xi8>)
    {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<8x1x1x4xi8>, %y: memref<8x9x9x4xi32>) {
  qkernel.average_pool2d ins(%x : memref<8x1x1x4xi8>) outs(%y : memref<8x9x9x4xi32>)
    {window = #qtrain.window<kernel = [1, 1], strides = [7, 7], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<1x1x1x1xi8>, %y: memref<1x1x1x1xi32>) {
  qkernel.average_pool2d ins(%x : memref<1x1x1x1xi8>) outs(%y : memref<1x1x1x1xi32>)
    {window = #qtrain.window<kernel = [4194304, 4194304], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [4194304, 1]>}
  return
}

// -----

func.func @f(%x: memref<1x2x2x1xi32>, %e: memref<1x1x1x1xi64>, %y: memref<1x2x2x1xi8>) {
  qkernel.max_pool2d_gradient ins(%x, %e : memref<1x2x2x1xi32>, memref<1x1x1x1xi64>) outs(%y : memref<1x2x2x1xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: tensor<1099511627776x1x1x1xi8>, %e: tensor<1099511627776x1x1x1xi8>, %y: tensor<1x1x1x1xi32>) -> tensor<1x1x1x1xi32> {
  %0 = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<1099511627776x1x1x1xi8>, tensor<1099511627776x1x1x1xi8>) outs(%y : tensor<1x1x1x1xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<1x1x1x1xi32>
  return %0 : tensor<1x1x1x1xi32>
}

// -----

func.func @f(%x: tensor<1048576x1x1x1xi8>, %e: tensor<1048576x1x1x1xi8>, %y: tensor<1x1x1x1xi64>) -> tensor<1x1x1x1xi64> {
  %0 = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<1048576x1x1x1xi8>, tensor<1048576x1x1x1xi8>) outs(%y : tensor<1x1x1x1xi64>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<1x1x1x1xi64>
  return %0 : tensor<1x1x1x1xi64>
}

// -----

func.func @f(%x: tensor<1x1x1x1xi8>, %w: tensor<1x1x1x1xi8>, %y: tensor<1x2x2x1xi32>) -> tensor<1x2x2x1xi32> {
  %0 = qkernel.conv2d ins(%x, %w : tensor<1x1x1x1xi8>, tensor<1x1x1x1xi8>) outs(%y : tensor<1x2x2x1xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [4194304, 4194304],
     pads = [4194304, 4194304, 4194303, 4194303], dilations = [4194304, 4194304]>} -> tensor<1x2x2x1xi32>
  return %0 : tensor<1x2x2x1xi32>
}

// -----

func.func @f(%x: tensor<1x1x1x1xi8>, %w: tensor<1x1x1x1xi8>, %y: tensor<1x2x2x1xi8>) -> tensor<1x1x1x1xi32> {
  %e = tensor.empty() : tensor<1x1x1x1xi32>
  %0 = qkernel.conv2d_input_gradient ins(%y, %w : tensor<1x2x2x1xi8>, tensor<1x1x1x1xi8>) outs(%e : tensor<1x1x1x1xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [4194304, 4194304],
     pads = [4194304, 4194304, 4194303, 4194303], dilations = [4194304, 4194304]>} -> tensor<1x1x1x1xi32>
  return %0 : tensor<1x1x1x1xi32>
}

// -----

func.func @f(%x: memref<2x2x2x6xi8>, %w: memref<6x3x1x1xi8>, %y: memref<2x2x2x6xi32>) {
  qkernel.conv2d ins(%x, %w : memref<2x2x2x6xi8>, memref<6x3x1x1xi8>) outs(%y : memref<2x2x2x6xi32>)
    {group = 9223372036854775807 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<1x3x3x8xi16>, %w: memref<8x1x3x3xi8>, %y: memref<1x1x1x8xi32>, %m: memref<i32>) {
  qkernel.conv2d ins(%x, %w : memref<1x3x3x8xi16>, memref<8x1x3x3xi8>) outs(%y, %m : memref<1x1x1x8xi32>, memref<i32>)
    {direct, group = 8 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<1x3x3x8xi8, strided<[72, 24, 8, 1], offset: 5>>, %w: memref<8x1x3x3xi8, strided<[1, 8, 24, 8]>>, %y: memref<1x1x1x8xi32>, %m: memref<i64>) {
  qkernel.conv2d ins(%x, %w : memref<1x3x3x8xi8, strided<[72, 24, 8, 1], offset: 5>>, memref<8x1x3x3xi8, strided<[1, 8, 24, 8]>>)
    outs(%y, %m : memref<1x1x1x8xi32>, memref<i64>)
    {direct, group = 8 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%a: i16, %b: i64, %n: i32) -> (i16, i64, i64) {
  %0 = qkernel.round_shift %a by %n to 64 bits : (i16, i32) -> i16
  %1 = qkernel.round_shift %b by %n to 64 bits : (i64, i32) -> i64
  %2 = qkernel.integer_sqrt %b : (i64) -> i64
  return %0, %1, %2 : i16, i64, i64
}

// -----

func.func @f(%x: memref<8x10xi8>, %y: memref<10xi32>, %z: memref<4x8xf64>) {
  qkernel.channel_sum ins(%x : memref<8x10xi8>) outs(%y : memref<10xi32>) {factor = -9223372036854775808 : i64, saturate}
  return
}

// -----

func.func @f(%x: memref<2x4xi8>, %y: memref<2x4xi16>, %s: memref<1000x4xi64>, %p: memref<1000x4xi64>) {
  qkernel.channel_moments ins(%x, %y : memref<2x4xi8>, memref<2x4xi16>) outs(%s, %p : memref<1000x4xi64>, memref<1000x4xi64>)
  return
}

// -----

func.func @f(%x: memref<4294967296x4294967296xi8>, %y: memref<i32>) {
  qkernel.max_abs ins(%x : memref<4294967296x4294967296xi8>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<0x4xi8>, %y: memref<i32>) {
  qkernel.max_abs ins(%x : memref<0x4xi8>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<1099511627776xi8>, %y: memref<i32>, %m: memref<137438953472xi8>) {
  qkernel.max_abs ins(%x : memref<1099511627776xi8>) mask(%m : memref<137438953472xi8>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<8x10xi8>, %y: memref<10xi8>) {
  qkernel.range_mask ins(%x : memref<8x10xi8>) outs(%y : memref<10xi8>)
  return
}

// -----

func.func @f(%x: memref<32xi8>, %y: memref<32xi8>, %a: memref<16xi8>, %b: memref<48xi8>) {
  qkernel.mapped_copy ins(%x : memref<32xi8>) outs(%y : memref<32xi8>) {map = affine_map<(i) -> (i - 3)>}
  qkernel.concat ins(%x, %a : memref<32xi8>, memref<16xi8>) outs(%b : memref<48xi8>) {axis = 0 : i64}
  return
}

// -----

func.func @f(%x: memref<*xi8>, %y: memref<?x4xi8>, %z: memref<?x4xi8>, %s: memref<i8>) {
  %0 = memref.cast %y : memref<?x4xi8> to memref<*xi8>
  memref.copy %x, %0 : memref<*xi8> to memref<*xi8>
  memref.copy %y, %z : memref<?x4xi8> to memref<?x4xi8>
  memref.copy %s, %s : memref<i8> to memref<i8>
  return
}
