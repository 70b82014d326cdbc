// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(plan-arena))' -split-input-file -allow-unregistered-dialect \
// RUN:   | FileCheck %s

// The example of the pass: one buffer is the arena.

// CHECK-LABEL: func @f(
//  CHECK-SAME:   %[[ARENA:.+]]: memref<64xi8> {qtrain.role = #qtrain.role<arena>})
//   CHECK-NOT:   memref.alloc
//       CHECK:   %[[ZERO:.+]] = arith.constant 0 : index
//       CHECK:   %[[A:.+]] = memref.view %[[ARENA]][%[[ZERO]]][] : memref<64xi8> to memref<16xi32>
//       CHECK:   "test.use"(%[[A]])
func.func @f() {
  %a = memref.alloc() : memref<16xi32>
  "test.use"(%a) : (memref<16xi32>) -> ()
  return
}

// -----

// Buffers that are alive together lie behind each other, each on a cache line:
// 1 and 65 bytes take 64 and 128. The largest is placed first.

// CHECK-LABEL: func @alignment(
//  CHECK-SAME:   %[[ARENA:.+]]: memref<192xi8>
//       CHECK:   %[[SMALL:.+]] = arith.constant 128 : index
//       CHECK:   memref.view %[[ARENA]][%[[SMALL]]][] : memref<192xi8> to memref<1xi8>
//       CHECK:   %[[LARGE:.+]] = arith.constant 0 : index
//       CHECK:   memref.view %[[ARENA]][%[[LARGE]]][] : memref<192xi8> to memref<65xi8>
func.func @alignment() {
  %a = memref.alloc() : memref<1xi8>
  %b = memref.alloc() : memref<65xi8>
  "test.use"(%a, %b) : (memref<1xi8>, memref<65xi8>) -> ()
  return
}

// -----

// Behind its last use a buffer makes room for the next: 64 bytes for three.

// CHECK-LABEL: func @reuse(
//  CHECK-SAME:   memref<64xi8> {qtrain.role = #qtrain.role<arena>}
// CHECK-COUNT-3: arith.constant 0 : index
func.func @reuse() {
  %a = memref.alloc() : memref<16xi32>
  "test.use"(%a) : (memref<16xi32>) -> ()
  %b = memref.alloc() : memref<16xi32>
  "test.use"(%b) : (memref<16xi32>) -> ()
  %c = memref.alloc() : memref<16xi32>
  "test.use"(%c) : (memref<16xi32>) -> ()
  return
}

// -----

// A lifetime starts with the first use, not with the allocation.

// CHECK-LABEL: func @early_allocation(
//  CHECK-SAME:   memref<64xi8>
func.func @early_allocation() {
  %a = memref.alloc() : memref<16xi32>
  %b = memref.alloc() : memref<16xi32>
  "test.use"(%a) : (memref<16xi32>) -> ()
  "test.use"(%b) : (memref<16xi32>) -> ()
  return
}

// -----

// Both operands of one operation are alive, even if it is the last use of one
// and the first of the other.

// CHECK-LABEL: func @handover(
//  CHECK-SAME:   memref<128xi8>
func.func @handover() {
  %a = memref.alloc() : memref<16xi32>
  "test.use"(%a) : (memref<16xi32>) -> ()
  %b = memref.alloc() : memref<16xi32>
  "test.copy"(%a, %b) : (memref<16xi32>, memref<16xi32>) -> ()
  "test.use"(%b) : (memref<16xi32>) -> ()
  return
}

// -----

// A use of a view, or of a view of a view, is a use of the buffer.

// CHECK-LABEL: func @views(
//  CHECK-SAME:   memref<128xi8>
func.func @views() {
  %a = memref.alloc() : memref<4x4xi32>
  "test.use"(%a) : (memref<4x4xi32>) -> ()
  %flat = memref.collapse_shape %a [[0, 1]] : memref<4x4xi32> into memref<16xi32>
  %back = memref.expand_shape %flat [[0, 1]] output_shape [2, 8] : memref<16xi32> into memref<2x8xi32>
  %b = memref.alloc() : memref<16xi32>
  "test.use"(%b) : (memref<16xi32>) -> ()
  "test.use"(%back) : (memref<2x8xi32>) -> ()
  return
}

// -----

// So is a use inside a region: a loop is one operation of the body.

// CHECK-LABEL: func @regions(
//  CHECK-SAME:   memref<128xi8>
func.func @regions(%n: index) {
  %a = memref.alloc() : memref<16xi32>
  %b = memref.alloc() : memref<16xi32>
  scf.for %i = %n to %n step %n {
    "test.use"(%a) : (memref<16xi32>) -> ()
    "test.use"(%b) : (memref<16xi32>) -> ()
  }
  return
}

// -----

// Large buffers choose first, small ones fill the gap that a dead one leaves:
// A is alive at first, B always, C at last.

// CHECK-LABEL: func @gap(
//  CHECK-SAME:   memref<384xi8>
//       CHECK:   %[[A:.+]] = arith.constant 256 : index
//       CHECK:   memref.view %{{.+}}[%[[A]]][] : memref<384xi8> to memref<128xi8>
//       CHECK:   %[[B:.+]] = arith.constant 0 : index
//       CHECK:   memref.view %{{.+}}[%[[B]]][] : memref<384xi8> to memref<256xi8>
//       CHECK:   %[[C:.+]] = arith.constant 256 : index
//       CHECK:   memref.view %{{.+}}[%[[C]]][] : memref<384xi8> to memref<64xi8>
func.func @gap() {
  %a = memref.alloc() : memref<128xi8>
  %b = memref.alloc() : memref<256xi8>
  "test.use"(%a, %b) : (memref<128xi8>, memref<256xi8>) -> ()
  %c = memref.alloc() : memref<64xi8>
  "test.use"(%b, %c) : (memref<256xi8>, memref<64xi8>) -> ()
  return
}

// -----

// A function without buffers has an empty arena, and rank 0 is a buffer too.

// CHECK-LABEL: func @none(
//  CHECK-SAME:   memref<0xi8> {qtrain.role = #qtrain.role<arena>}
func.func @none() {
  return
}

// CHECK-LABEL: func @rank_zero(
//  CHECK-SAME:   memref<64xi8> {qtrain.role = #qtrain.role<arena>}
func.func @rank_zero() {
  %a = memref.alloc() : memref<i32>
  "test.use"(%a) : (memref<i32>) -> ()
  return
}

// -----

// The shift of narrow accumulators is there again in the next step: nothing
// shares its place, though it is alive for one operation only.

// CHECK-LABEL: func @kept(
//  CHECK-SAME:   memref<192xi8>
func.func @kept(%a: memref<64xi8>, %b: memref<1024xi8>) {
  %acc = memref.alloc() : memref<1x16xi16>
  %max = memref.alloc() : memref<i32>
  %shift = memref.alloc() : memref<i32>
  qkernel.contract ins(%a, %b : memref<64xi8>, memref<1024xi8>)
    outs(%acc, %max, %shift : memref<1x16xi16>, memref<i32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [1] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  %later = memref.alloc() : memref<128xi8>
  "test.use"(%later) : (memref<128xi8>) -> ()
  return
}
