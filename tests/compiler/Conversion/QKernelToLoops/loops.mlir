// RUN: qtc-opt %s -convert-qkernel-to-loops -split-input-file | FileCheck %s

// The example of the pass: a chunk is 2^15 elements, its maximum meets those of
// others atomically.

// CHECK-LABEL: func @max_abs(
//  CHECK-SAME:   %[[X:.+]]: memref<8xi32>, %[[MAX:.+]]: memref<i32>)
//       CHECK:   memref.store %{{.+}}, %[[MAX]][]
//       CHECK:   scf.parallel (%[[CHUNK:.+]]) = (%{{.+}}) to (%[[COUNT:.+]]) step
//       CHECK:     %[[M:.+]] = scf.for %[[I:.+]] = %{{.+}} to %{{.+}} step %{{.+}} iter_args(%[[BEST:.+]] = %{{.+}}) -> (i32)
//       CHECK:       %[[V:.+]] = memref.load %[[X]][%[[I]]]
//       CHECK:       %[[A:.+]] = math.absi %[[V]]
//       CHECK:       arith.maxsi %[[BEST]], %[[A]]
//       CHECK:     memref.atomic_rmw maxs %[[M]], %[[MAX]][]
//       CHECK:   } {qkernel.kind = "max_abs"}
func.func @max_abs(%x: memref<8xi32>, %max: memref<i32>) {
  qkernel.max_abs ins(%x : memref<8xi32>) outs(%max : memref<i32>)
  return
}

// -----

// Rows of outputs in parallel, one sum a place in registers; positions outside
// the image are stepped over. Products are counted as useful work, padding too.

// CHECK-LABEL: func @conv2d(
//  CHECK-SAME:   %[[X:.+]]: memref<2x6x6x3xi8>, %[[W:.+]]: memref<5x3x3x3xi8>, %[[ACC:.+]]: memref<2x6x6x5xi32>)
//       CHECK:   %[[ROWS:.+]] = arith.constant 12 : index
//       CHECK:   scf.parallel (%{{.+}}) = (%{{.+}}) to (%[[ROWS]]) step
//       CHECK:     %[[SUM:.+]] = scf.for {{.*}} -> (i32)
//       CHECK:       scf.if
//       CHECK:         scf.for
//       CHECK:           scf.if
//       CHECK:             scf.for
//   CHECK-DAG:               %[[A:.+]] = memref.load %[[X]]
//   CHECK-DAG:               %[[B:.+]] = memref.load %[[W]]
//       CHECK:               arith.muli %{{.+}}, %{{.+}} : i32
//       CHECK:     memref.store %[[SUM]], %[[ACC]]
//       CHECK:   } {qkernel.kind = "conv2d", qkernel.macs = 9720 : i64}
//   CHECK-NOT:   max_abs
func.func @conv2d(%x: memref<2x6x6x3xi8>, %w: memref<5x3x3x3xi8>, %acc: memref<2x6x6x5xi32>) {
  qkernel.conv2d ins(%x, %w : memref<2x6x6x3xi8>, memref<5x3x3x3xi8>) outs(%acc : memref<2x6x6x5xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>,
     group = 1 : i64}
  return
}

// -----

// The same loops on floats; a product is rounded before it is added.

// CHECK-LABEL: func @conv2d_of_floats(
//  CHECK-SAME:   %[[X:.+]]: memref<2x6x6x3xf32>, %[[W:.+]]: memref<5x3x3x3xf32>, %[[B:.+]]: memref<5xf32>, %[[Y:.+]]: memref<2x6x6x5xf32>)
//       CHECK:   scf.parallel
//       CHECK:     %[[SUM:.+]] = scf.for {{.*}} -> (f32)
//       CHECK:       %[[P:.+]] = arith.mulf %{{.+}}, %{{.+}} : f32
//       CHECK:       arith.addf %{{.+}}, %[[P]] : f32
//       CHECK:     %[[BIAS:.+]] = memref.load %[[B]]
//       CHECK:     %[[BIASED:.+]] = arith.addf %[[SUM]], %[[BIAS]] : f32
//       CHECK:     memref.store %[[BIASED]], %[[Y]]
func.func @conv2d_of_floats(%x: memref<2x6x6x3xf32>, %w: memref<5x3x3x3xf32>, %b: memref<5xf32>,
                            %y: memref<2x6x6x5xf32>) {
  qkernel.conv2d ins(%x, %w : memref<2x6x6x3xf32>, memref<5x3x3x3xf32>) bias(%b : memref<5xf32>)
    outs(%y : memref<2x6x6x5xf32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>,
     group = 1 : i64}
  return
}

// -----

// Sums that can leave 32 bits are formed in 64 and clamped before the bias; the
// maximum is a pass over the result.

// CHECK-LABEL: func @saturate_and_bias(
//   CHECK-DAG:   %[[LIMIT:.+]] = arith.constant 2147483647 : i64
//   CHECK-DAG:   %[[BIASED:.+]] = arith.constant 1073741824 : i64
//       CHECK:     scf.for {{.*}} -> (i64)
//       CHECK:     arith.minsi %{{.+}}, %[[LIMIT]] : i64
//       CHECK:     arith.addi %{{.+}}, %{{.+}} : i64
//       CHECK:     arith.minsi %{{.+}}, %[[BIASED]] : i64
//       CHECK:   {qkernel.kind = "conv2d"
//       CHECK:   {qkernel.kind = "max_abs"}
func.func @saturate_and_bias(%x: memref<2x6x6x3xi8>, %w: memref<5x3x3x3xi8>, %b: memref<5xi32>,
                             %acc: memref<2x6x6x5xi32>, %max: memref<i32>) {
  qkernel.conv2d ins(%x, %w : memref<2x6x6x3xi8>, memref<5x3x3x3xi8>) bias(%b : memref<5xi32>)
    outs(%acc, %max : memref<2x6x6x5xi32>, memref<i32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>,
     group = 1 : i64, saturate}
  return
}

// -----

// Outputs spread their errors over one image each, so images are parallel; the
// result starts at 0.

// CHECK-LABEL: func @conv2d_input_gradient(
//       CHECK:   %[[IMAGES:.+]] = arith.constant 2 : index
//       CHECK:   scf.parallel
//       CHECK:   } {qkernel.kind = "input_gradient"}
//       CHECK:   scf.parallel (%{{.+}}) = (%{{.+}}) to (%[[IMAGES]]) step
//       CHECK:   } {qkernel.kind = "input_gradient", qkernel.macs = 4320 : i64}
func.func @conv2d_input_gradient(%e: memref<2x4x4x5xi8>, %w: memref<5x3x3x3xi8>, %ex: memref<2x6x6x3xi32>) {
  qkernel.conv2d_input_gradient ins(%e, %w : memref<2x4x4x5xi8>, memref<5x3x3x3xi8>)
    outs(%ex : memref<2x6x6x3xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>,
     group = 1 : i64}
  return
}

// -----

// Output channels are parallel: each weight is one sum over batch and outputs.

// CHECK-LABEL: func @conv2d_weight_gradient(
//  CHECK-SAME:   %[[X:.+]]: memref<2x6x6x3xi8>, %[[E:.+]]: memref<2x4x4x5xi8>, %[[G:.+]]: memref<5x3x3x3xi32>)
//       CHECK:   %[[OUTPUTS:.+]] = arith.constant 5 : index
//       CHECK:   scf.parallel (%{{.+}}) = (%{{.+}}) to (%[[OUTPUTS]]) step
//       CHECK:     memref.store %{{.+}}, %[[G]]
//       CHECK:   } {qkernel.kind = "weight_gradient", qkernel.macs = 4320 : i64}
func.func @conv2d_weight_gradient(%x: memref<2x6x6x3xi8>, %e: memref<2x4x4x5xi8>, %g: memref<5x3x3x3xi32>) {
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<2x6x6x3xi8>, memref<2x4x4x5xi8>)
    outs(%g : memref<5x3x3x3xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>,
     group = 1 : i64}
  return
}

// -----

// A pool whose windows stay inside needs no test of positions.

// CHECK-LABEL: func @max_pool2d(
//   CHECK-NOT:   scf.if
// CHECK-COUNT-3: arith.maxsi
//   CHECK-NOT:   scf.if
//       CHECK:   {qkernel.kind = "max_pool"}
func.func @max_pool2d(%x: memref<2x6x6x3xi8>, %y: memref<2x3x3x3xi8>) {
  qkernel.max_pool2d ins(%x : memref<2x6x6x3xi8>) outs(%y : memref<2x3x3x3xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// One that reaches outside sees the lowest number there, which never wins.

// CHECK-LABEL: func @max_pool2d_padded(
//       CHECK:   %[[LOWEST:.+]] = arith.constant -128 : i8
//       CHECK:   scf.if
//       CHECK:   scf.yield %[[LOWEST]]
func.func @max_pool2d_padded(%x: memref<2x6x6x3xi8>, %y: memref<2x4x4x3xi8>) {
  qkernel.max_pool2d ins(%x : memref<2x6x6x3xi8>) outs(%y : memref<2x4x4x3xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [1, 1, 1, 1], dilations = [1, 1]>}
  return
}

// -----

// Windows that do not overlap and cover the image write every error once; no
// zeros are needed first.

// CHECK-LABEL: func @max_pool2d_gradient_apart(
// CHECK-COUNT-1: scf.parallel
//   CHECK-NOT:   arith.addi %{{.+}} : i8
//   CHECK-NOT:   scf.parallel
//       CHECK:   return
func.func @max_pool2d_gradient_apart(%x: memref<2x6x6x3xi8>, %e: memref<2x3x3x3xi8>, %ex: memref<2x6x6x3xi8>) {
  qkernel.max_pool2d_gradient ins(%x, %e : memref<2x6x6x3xi8>, memref<2x3x3x3xi8>)
    outs(%ex : memref<2x6x6x3xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// Windows that overlap add to zeros.

// CHECK-LABEL: func @max_pool2d_gradient_overlapping(
//       CHECK:   scf.parallel
//       CHECK:   {qkernel.kind = "max_pool_gradient"}
//       CHECK:   scf.parallel
//       CHECK:     arith.addi %{{.+}}, %{{.+}} : i32
//       CHECK:   {qkernel.kind = "max_pool_gradient"}
func.func @max_pool2d_gradient_overlapping(%x: memref<2x6x6x3xi8>, %e: memref<2x4x4x3xi8>, %ex: memref<2x6x6x3xi32>) {
  qkernel.max_pool2d_gradient ins(%x, %e : memref<2x6x6x3xi8>, memref<2x4x4x3xi8>)
    outs(%ex : memref<2x6x6x3xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// A mean is a sum times a factor that depends on the window; with padding
// counted the area of the kernel decides for all.

// CHECK-LABEL: func @average_pool2d(
//       CHECK:   scf.parallel
//       CHECK:     %[[FACTOR:.+]] = arith.index_cast %{{.+}} : index to i32
//       CHECK:     arith.muli %{{.+}}, %[[FACTOR]]
//       CHECK:   {qkernel.kind = "average_pool"}
//       CHECK:   scf.parallel
//       CHECK:     arith.muli
//       CHECK:   {qkernel.kind = "average_pool_gradient"}
func.func @average_pool2d(%x: memref<2x6x6x3xi8>, %y: memref<2x4x4x3xi32>, %e: memref<2x4x4x3xi8>,
                          %ex: memref<2x6x6x3xi32>) {
  qkernel.average_pool2d ins(%x : memref<2x6x6x3xi8>) outs(%y : memref<2x4x4x3xi32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [1, 1, 1, 1], dilations = [1, 1]>}
  qkernel.average_pool2d_gradient ins(%e : memref<2x4x4x3xi8>) outs(%ex : memref<2x6x6x3xi32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [1, 1, 1, 1], dilations = [1, 1]>,
     count_include_pad}
  return
}

// -----

// Chunks of rows add their channel sums atomically, eight rows at a time; a sum
// in 64 bits stays in one chunk.

// CHECK-LABEL: func @channel_sum(
//       CHECK:   memref.alloca() : memref<24xi32>
//       CHECK:   %[[CHANNEL:.+]] = arith.remui %{{.+}}, %c3
//       CHECK:   memref.atomic_rmw addi %{{.+}}, %{{.+}}[%[[CHANNEL]]]
//       CHECK:   {qkernel.kind = "channel_sum"}
//       CHECK:   memref.alloca() : memref<3xi64>
//   CHECK-NOT:   atomic_rmw
//       CHECK:   arith.trunci %{{.+}} : i64 to i32
func.func @channel_sum(%e: memref<2x6x6x3xi8>, %g: memref<3xi32>) {
  qkernel.channel_sum ins(%e : memref<2x6x6x3xi8>) outs(%g : memref<3xi32>) {factor = 1 : i64}
  qkernel.channel_sum ins(%e : memref<2x6x6x3xi8>) outs(%g : memref<3xi32>) {factor = 1 : i64, saturate}
  return
}

// -----

// A task has a part of the rows and a block of channels, and keeps its sums in
// double.

// CHECK-LABEL: func @channel_moments(
//  CHECK-SAME:   %[[A:[^ ]+]]: memref<100x300xf32>, %[[B:[^ ]+]]: memref<100x300xf32>, %[[SUMS:[^ ]+]]: memref<7x300xf64>, %[[PRODUCTS:[^ ]+]]: memref<7x300xf64>
//       CHECK:   scf.parallel
//       CHECK:   %[[SUM:.+]] = memref.alloca() : memref<256xf64>
//       CHECK:   %[[PRODUCT:.+]] = memref.alloca() : memref<256xf64>
//       CHECK:   %[[X:.+]] = arith.extf %{{.+}} : f32 to f64
//       CHECK:   %[[Y:.+]] = arith.extf %{{.+}} : f32 to f64
//       CHECK:   %[[MORE:.+]] = arith.addf %{{.+}}, %[[X]] : f64
//       CHECK:   memref.store %[[MORE]], %[[SUM]]
//       CHECK:   %[[XY:.+]] = arith.mulf %[[X]], %[[Y]] : f64
//       CHECK:   %[[MOREXY:.+]] = arith.addf %{{.+}}, %[[XY]] : f64
//       CHECK:   memref.store %[[MOREXY]], %[[PRODUCT]]
//       CHECK:   memref.store %{{.+}}, %[[SUMS]]
//       CHECK:   memref.store %{{.+}}, %[[PRODUCTS]]
//       CHECK:   {qkernel.kind = "channel_moments"}
func.func @channel_moments(%a: memref<100x300xf32>, %b: memref<100x300xf32>, %s: memref<7x300xf64>,
                           %p: memref<7x300xf64>) {
  qkernel.channel_moments ins(%a, %b : memref<100x300xf32>, memref<100x300xf32>)
    outs(%s, %p : memref<7x300xf64>, memref<7x300xf64>)
  return
}

// -----

// Of integers products fit 32 bits, sums have 64.

// CHECK-LABEL: func @integer_moments(
//       CHECK:   %[[SUM:.+]] = memref.alloca() : memref<64xi64>
//       CHECK:   %[[PRODUCT:.+]] = memref.alloca() : memref<64xi64>
//       CHECK:   %[[X:.+]] = arith.extsi %[[BYTE:.+]] : i8 to i32
//       CHECK:   %[[Y:.+]] = arith.extsi %{{.+}} : i16 to i32
//       CHECK:   %[[WIDE:.+]] = arith.extsi %[[BYTE]] : i8 to i64
//       CHECK:   %[[MORE:.+]] = arith.addi %{{.+}}, %[[WIDE]] : i64
//       CHECK:   memref.store %[[MORE]], %[[SUM]]
//       CHECK:   %[[XY:.+]] = arith.muli %[[X]], %[[Y]] : i32
//       CHECK:   %[[WIDEXY:.+]] = arith.extsi %[[XY]] : i32 to i64
//       CHECK:   %[[MOREXY:.+]] = arith.addi %{{.+}}, %[[WIDEXY]] : i64
//       CHECK:   memref.store %[[MOREXY]], %[[PRODUCT]]
func.func @integer_moments(%a: memref<100x64xi8>, %b: memref<100x64xi16>, %s: memref<7x64xi64>, %p: memref<7x64xi64>) {
  qkernel.channel_moments ins(%a, %b : memref<100x64xi8>, memref<100x64xi16>)
    outs(%s, %p : memref<7x64xi64>, memref<7x64xi64>)
  return
}

// -----

// Partial sums of 64 bits are added up in 64 bits.

// CHECK-LABEL: func @wide_sum(
//   CHECK-NOT:   arith.ext
//       CHECK:   arith.addi %{{.+}}, %{{.+}} : i64
func.func @wide_sum(%p: memref<7x64xi64>, %s: memref<64xi64>) {
  qkernel.channel_sum ins(%p : memref<7x64xi64>) outs(%s : memref<64xi64>) {factor = 1 : i64}
  return
}

// -----

// The table of powers 2^(−f/256), 16 fraction bits, is a constant of the
// module, shared by all losses; rows are parallel. The paper's form needs none.

//       CHECK: memref.global "private" constant @qtc_power_table : memref<256xi32> = dense<"0x000001004FFF0000{{.*}}59800000">
//   CHECK-NOT: memref.global
// CHECK-LABEL: func @softmax_error(
//       CHECK:   memref.get_global @qtc_power_table
//       CHECK:   scf.parallel
//       CHECK:     arith.divsi %{{.+}}, %{{.+}} : i64
//       CHECK:   {qkernel.kind = "softmax_error"}
// CHECK-LABEL: func @paper(
//   CHECK-NOT:   get_global
//       CHECK:   {qkernel.kind = "softmax_error"}
func.func @softmax_error(%x: memref<8x10xi8>, %s: i32, %t: memref<8xi32>, %e: memref<8x10xi32>) {
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<fraction>}
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<fraction>}
  return
}
func.func @paper(%x: memref<8x10xi8>, %s: i32, %t: memref<8xi32>, %e: memref<8x10xi32>) {
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<paper>}
  return
}

// -----

// W: the bit length of the maximum minus 1.

// CHECK-LABEL: func @magnitude_bits(
//  CHECK-SAME:   %[[M:.+]]: i32)
//       CHECK:   %[[BELOW:.+]] = arith.subi %[[M]], %{{.+}}
//       CHECK:   math.ctlz %[[BELOW]]
func.func @magnitude_bits(%m: i32) -> i32 {
  %w = qkernel.magnitude_bits %m : (i32) -> i32
  return %w : i32
}

// -----

// On sign and magnitude, in the width of the element.

// CHECK-LABEL: func @round_shift(
//  CHECK-SAME:   %[[A:.+]]: i16, %[[N:.+]]: i32)
//       CHECK:   %[[AMOUNT:.+]] = arith.trunci %{{.+}} : i32 to i16
//       CHECK:   %[[MAGNITUDE:.+]] = math.absi %[[A]] : i16
//       CHECK:   %[[SUM:.+]] = arith.addi %[[MAGNITUDE]], %{{.+}} : i16
//       CHECK:   arith.shrui %[[SUM]], %[[AMOUNT]] : i16
//       CHECK:   arith.minui {{.+}} : i16
//       CHECK:   arith.select
// CHECK-LABEL: func @round_shift_wide(
//       CHECK:   %[[AMOUNT:.+]] = arith.extsi %{{.+}} : i32 to i64
//       CHECK:   arith.shrui %{{.+}}, %[[AMOUNT]] : i64
//       CHECK:   arith.minui %{{.+}}, %{{.+}} : i64
func.func @round_shift(%a: i16, %n: i32) -> i16 {
  %q = qkernel.round_shift %a by %n to 8 bits : (i16, i32) -> i16
  return %q : i16
}
func.func @round_shift_wide(%a: i64, %n: i32) -> i64 {
  %q = qkernel.round_shift %a by %n to 64 bits : (i64, i32) -> i64
  return %q : i64
}

// -----

// Bit by bit: one is kept if the square is not too large.

// CHECK-LABEL: func @integer_sqrt(
//  CHECK-SAME:   %[[V:.+]]: i64)
//   CHECK-DAG:   %[[HIGHEST:.+]] = arith.constant 1073741824 : i64
//       CHECK:   %[[ROOT:.+]] = scf.for %[[I:.+]] = %{{.+}} to %{{.+}} step %{{.+}} iter_args(%[[FOUND:.+]] = %{{.+}}) -> (i64)
//       CHECK:     %[[STEP:.+]] = arith.index_cast %[[I]] : index to i64
//       CHECK:     %[[BIT:.+]] = arith.shrui %[[HIGHEST]], %[[STEP]]
//       CHECK:     %[[LARGER:.+]] = arith.addi %[[FOUND]], %[[BIT]]
//       CHECK:     %[[SQUARE:.+]] = arith.muli %[[LARGER]], %[[LARGER]]
//       CHECK:     %[[FITS:.+]] = arith.cmpi sle, %[[SQUARE]], %[[V]]
//       CHECK:     arith.select %[[FITS]], %[[LARGER]], %[[FOUND]]
//       CHECK:   return %[[ROOT]]
func.func @integer_sqrt(%v: i64) -> i64 {
  %s = qkernel.integer_sqrt %v : (i64) -> i64
  return %s : i64
}

// -----

// The bits of 64 elements at once; the rest one by one, into whole bytes.

// CHECK-LABEL: func @range_mask(
//  CHECK-SAME:   %[[X:.+]]: memref<130xi32>, %[[M:.+]]: memref<17xi8>)
//       CHECK:   scf.parallel
//       CHECK:     scf.for
//       CHECK:       %[[V:.+]] = vector.load %[[X]][%{{.+}}] : memref<130xi32>, vector<64xi32>
//       CHECK:       %[[B:.+]] = arith.cmpi sge, %[[V]]
//       CHECK:       %[[P:.+]] = vector.bitcast %[[B]] : vector<64xi1> to vector<8xi8>
//       CHECK:       vector.store %[[P]], %[[M]]
//       CHECK:     scf.for
//       CHECK:       scf.for
//       CHECK:         arith.cmpi sge
//       CHECK:         arith.shli
//       CHECK:         arith.ori
//       CHECK:       memref.store %{{.+}}, %[[M]]
//       CHECK:   } {qkernel.kind = "range_mask"}
func.func @range_mask(%x: memref<130xi32>, %m: memref<17xi8>) {
  qkernel.range_mask ins(%x : memref<130xi32>) outs(%m : memref<17xi8>) {low = 1 : i64}
  return
}

// -----

// A window of more than 49 elements is a nest of loops, which carries the
// maximum; what takes the error is found in a second one.

// CHECK-LABEL: func @large_window(
//       CHECK:   scf.parallel
//       CHECK:     %[[MAX:.+]] = scf.for {{.*}} iter_args(%{{.+}} = %c-128_i8) -> (i8) {
//       CHECK:       scf.for {{.*}} iter_args(
//       CHECK:         memref.load
//       CHECK:     scf.for {{.*}} iter_args(%{{.+}} = %true) -> (i1) {
//       CHECK:       scf.for {{.*}} iter_args(
//       CHECK:         %[[TAP:.+]] = memref.load
//       CHECK:         arith.cmpi eq, %[[TAP]], %[[MAX]] : i8
//       CHECK:         memref.store
//   CHECK-NOT:         memref.store
func.func @large_window(%x: memref<1x100x100x1xi8>, %e: memref<1x1x1x1xi8>, %ex: memref<1x100x100x1xi8>) {
  qkernel.max_pool2d_gradient ins(%x, %e : memref<1x100x100x1xi8>, memref<1x1x1x1xi8>)
    outs(%ex : memref<1x100x100x1xi8>)
    {window = #qtrain.window<kernel = [100, 100], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// The first position wins among equals.

// CHECK-LABEL: func @positions(
//       CHECK:   scf.parallel
//       CHECK:     arith.cmpi sgt
//       CHECK:     arith.select
//       CHECK:     memref.store %{{.+}}, %{{.+}} : memref<8x3x3x4xi8>
func.func @positions(%x: memref<8x6x6x4xi32>, %p: memref<8x3x3x4xi8>) {
  qkernel.max_pool2d_positions ins(%x : memref<8x6x6x4xi32>) outs(%p : memref<8x3x3x4xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}
