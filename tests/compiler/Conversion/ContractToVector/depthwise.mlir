// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx512vnni -cse | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-vector=isa=avxvnni -cse \
// RUN:   | FileCheck %s --check-prefix=WIDE256
// RUN: qtc-opt %s -convert-contract-to-vector=isa=baseline -cse \
// RUN:   | FileCheck %s --check-prefix=SSE2

#padded = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                         dilations = [1, 1]>
#strided = #qtrain.window<kernel = [3, 3], strides = [2, 2],
                          pads = [1, 1, 1, 1], dilations = [1, 1]>

// Weights become pairs on the stack; rows of the kernel are a loop, its columns
// are not. 40 channels are two vectors of 32, the second from channel 8 on.

//   CHECK-LABEL: func @forward
//    CHECK-SAME:   %[[MAX:[^ ]+]]: memref<i32>)
//         CHECK:   memref.store %{{.+}}, %[[MAX]][]
//         CHECK:   scf.parallel
//         CHECK:     %[[PAIRS:.+]] = memref.alloca() : memref<385xi16>
//         CHECK:     arith.minui %{{.+}}, %c8 : index
//         CHECK:     memref.store %{{.+}}, %[[PAIRS]]
//         CHECK:     scf.for
//         CHECK:       scf.for {{.+}} -> (vector<16xi32>, vector<16xi32>)
//         CHECK:         vector.load %[[PAIRS]]{{.+}} vector<32xi16>
//         CHECK:         arith.extsi %{{.+}} : vector<32xi8> to vector<32xi16>
//         CHECK:         vector.shuffle
//         CHECK:         llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
//         CHECK:     memref.atomic_rmw maxs
//         CHECK:   } {qkernel.kind = "conv2d", qkernel.macs = 46080 : i64}
//       WIDE256:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
//          SSE2:   llvm.call_intrinsic "llvm.x86.sse2.pmadd.wd"
func.func @forward(%x: memref<2x8x8x40xi8>, %w: memref<40x1x3x3xi8>,
                   %y: memref<2x8x8x40xi32>, %max: memref<i32>) {
  qkernel.conv2d ins(%x, %w : memref<2x8x8x40xi8>, memref<40x1x3x3xi8>)
    outs(%y, %max : memref<2x8x8x40xi32>, memref<i32>)
    {direct, group = 40 : i64, window = #padded, qkernel.kind = "conv2d",
     qkernel.macs = 46080 : i64}
  return
}

// Errors of two neighbouring channels meet in one.

// CHECK-LABEL: func @input_gradient
//       CHECK:   vector.load {{.+}} vector<32xi8>
//       CHECK:   vector.shuffle {{.+}} [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
//       CHECK:   llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @input_gradient(%e: memref<2x4x4x32xi8>, %w: memref<32x1x3x3xi8>,
                          %x: memref<2x8x8x16xi32>) {
  qkernel.conv2d_input_gradient
    ins(%e, %w : memref<2x4x4x32xi8>, memref<32x1x3x3xi8>)
    outs(%x : memref<2x8x8x16xi32>)
    {direct, group = 16 : i64, window = #strided}
  return
}

// Tasks add up.

// CHECK-LABEL: func @weight_gradient
//  CHECK-SAME:   %[[G:[^ ]+]]: memref<16x1x3x3xi32>)
//       CHECK:   %[[FLAT:.+]] = memref.collapse_shape %[[G]]
//       CHECK:   scf.parallel (%{{.+}}) = (%c0) to (%c1)
//       CHECK:     memref.store %c0_i32, %[[FLAT]]
//       CHECK:   scf.parallel
//       CHECK:     %[[SUMS:.+]] = memref.alloca() : memref<144xi32>
//       CHECK:     llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
//       CHECK:     %[[SUM:.+]] = memref.load %[[SUMS]]
//       CHECK:     memref.atomic_rmw addi %[[SUM]], %[[FLAT]]
func.func @weight_gradient(%x: memref<2x8x8x16xi8>, %e: memref<2x8x8x16xi8>,
                           %g: memref<16x1x3x3xi32>) {
  qkernel.conv2d_weight_gradient
    ins(%x, %e : memref<2x8x8x16xi8>, memref<2x8x8x16xi8>)
    outs(%g : memref<16x1x3x3xi32>)
    {direct, group = 16 : i64, window = #padded}
  return
}
